import { type Id, idSchema, type Role, roles } from '@insightdesk/shared/contract';
import { organizationView } from '@insightdesk/shared/domain/tenancy/tenants';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import { deviceName } from './sessions/device-name.ts';
import type { invitations, sessions } from './tables.ts';

/** How long an invitation is good for. */
export const INVITATION_DAYS = 7;

export const userView = z.object({ id: idSchema('usr'), email: z.string(), name: z.string() });

/** What a person sees of itself. */
export const ownUserView = z.object({ ...userView.shape, emailVerified: z.boolean() });

export const memberView = z.object({
  ...userView.shape,
  role: z.enum(roles),
  roleId: idSchema('rol').nullable().describe('A custom role, which lacks some of what `role` has'),
  joinedAt: z.iso.datetime(),
});

export const tokenPairView = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresIn: z.int().describe('Seconds until the access token expires'),
});

export const signedInView = z.object({
  user: userView,
  organization: organizationView,
  ...tokenPairView.shape,
});

export const sessionView = z.object({
  id: idSchema('ses'),
  organizationId: idSchema('org'),
  current: z.boolean(),
  device: z.string().describe('Such as `Firefox on Linux`'),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  refreshedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().describe('To about the life of an access token'),
  expiresAt: z.iso.datetime(),
});

export const invitationView = z.object({
  id: idSchema('inv'),
  email: z.string(),
  role: z.enum(roles),
  invitedBy: z.object({ id: idSchema('usr'), name: z.string() }),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

interface UserRow {
  id: Id<'usr'>;
  email: string;
  name: string;
}

/** What members see of a person. */
export const toUser = ({ id, email, name }: UserRow) => ({ id, email, name });

/** What a person sees of itself. */
export const toOwnUser = (row: UserRow & { emailVerifiedAt: Date | null }) => ({
  ...toUser(row),
  emailVerified: row.emailVerifiedAt !== null,
});

/** A person in its role. */
export const toMember = (
  row: UserRow & { role: Role; roleId: Id<'rol'> | null; createdAt: Date },
) => ({
  ...toUser(row),
  role: row.role,
  roleId: row.roleId,
  joinedAt: row.createdAt.toISOString(),
});

/** What a person sees of one of its own sessions. */
export const toSession = (
  row: InferSelectModel<typeof sessions>,
  currentId: Id<'ses'> | undefined,
) => ({
  id: row.id,
  organizationId: row.tenantId,
  current: row.id === currentId,
  device: deviceName(row.userAgent),
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt.toISOString(),
  refreshedAt: row.refreshedAt.toISOString(),
  lastSeenAt: row.refreshedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});

type InvitationRow = InferSelectModel<typeof invitations> & { inviterName: string };

/** What staff sees of an invitation: everything but what accepts it. */
export const toInvitation = (row: InvitationRow) => ({
  id: row.id,
  email: row.email,
  role: row.role,
  invitedBy: { id: row.invitedBy, name: row.inviterName },
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
