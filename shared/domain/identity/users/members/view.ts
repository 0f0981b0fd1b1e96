import { type Id, idSchema, type Role, roles } from '@insightdesk/shared/contract';
import type { StaffNaming } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { CONTACT_DOMAIN } from '../accounts/create-account.ts';
import { toUser, type UserRow, userView } from '../accounts/view.ts';
import type { invitations } from './tables.ts';

/** A member or a contact as it appears beside what it did. */
export const personView = z
  .object({
    id: idSchema('usr'),
    name: z.string(),
    role: z.enum(roles),
    avatarUrl: z.string().optional(),
  })
  .meta({ id: 'Person' });

export type Person = z.output<typeof personView>;

export const toPerson = (row: {
  id: Id<'usr'>;
  name: string;
  role: Role;
  avatarUrl: string | null;
}): Person => ({
  id: row.id,
  name: row.name,
  role: row.role,
  ...(row.avatarUrl !== null && { avatarUrl: row.avatarUrl }),
});

/** A person as customers see it: of staff the display name only. */
export function toShownPerson(person: Person, naming: StaffNaming): Person {
  if (person.role === 'customer') return person;
  return { id: person.id, name: toShownName(person.name, naming), role: 'agent' };
}

/** The name of a member of staff as customers see it. */
export function toShownName(name: string, { show, teamName }: StaffNaming): string {
  const first = show === 'first' ? name.trim().split(/\s+/)[0] : name;
  return (show !== 'team' && first) || teamName;
}

export const memberView = z
  .object({
    ...userView.shape,
    email: z.string().nullable().describe('null for a contact without a login'),
    avatarUrl: z.string().optional(),
    role: z.enum(roles),
    roleId: idSchema('rol').nullable().describe('A custom role, which restricts `role`'),
    joinedAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });

export const invitationView = z
  .object({
    id: idSchema('inv'),
    email: z.string(),
    role: z.enum(roles),
    invitedBy: z.object({ id: idSchema('usr'), name: z.string() }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' });

/** Contacts without a login have an address that receives nothing. */
const hasLogin = ({ email }: UserRow) => !email.endsWith(CONTACT_DOMAIN);

export const toMember = (
  row: UserRow & {
    role: Role;
    roleId: Id<'rol'> | null;
    createdAt: Date;
    avatarUrl: string | null;
  },
) => ({
  ...toUser(row),
  email: hasLogin(row) ? row.email : null,
  ...(row.avatarUrl !== null && { avatarUrl: row.avatarUrl }),
  role: row.role,
  roleId: row.roleId,
  joinedAt: row.createdAt.toISOString(),
});

type InvitationRow = typeof invitations.$inferSelect & { inviterName: string };

/** An invitation without the token that accepts it. */
export const toInvitation = (row: InvitationRow) => ({
  id: row.id,
  email: row.email,
  role: row.role,
  invitedBy: { id: row.invitedBy, name: row.inviterName },
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
