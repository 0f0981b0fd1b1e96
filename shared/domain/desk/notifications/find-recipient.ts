import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { contactAddresses, contacts } from '@insightdesk/shared/domain/desk/contacts';
import { readPreferences } from '@insightdesk/shared/domain/identity/preferences';
import {
  CONTACT_DOMAIN,
  isActiveStaff,
  members,
  users,
} from '@insightdesk/shared/domain/identity/users';
import { organizations, staffNamingColumn } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, sql } from 'drizzle-orm';

/** Set by `app.delete_account`. */
const DELETED_DOMAIN = '@deleted.invalid';

/**
 * The address of a contact without a login: a verified one, else one that staff or an API key opened
 * the contact by. A claimed address, and any unverified one of a visitor, receives nothing.
 */
const contactAddress = sql<string | null>`(
  select a.address from ${contactAddresses} a
  where a.tenant_id = ${members.tenantId} and a.contact_id = ${members.userId}
    and (a.verified_at is not null or (a.is_identity and not ${contacts.isAnonymous}))
  order by a.verified_at is null, a.is_identity desc, a.created_at, a.address limit 1)`;

const selectRecipient = statement(
  { tenantId: members.tenantId, userId: members.userId },
  ({ tenantId, userId }, q) =>
    q
      .select({
        name: members.name,
        removedAt: members.removedAt,
        email: users.email,
        emailVerifiedAt: users.emailVerifiedAt,
        contactAddress,
        language: contacts.language,
        mergedInto: contacts.mergedInto,
        staffNaming: staffNamingColumn,
        organizationName: organizations.name,
      })
      .from(members)
      .innerJoin(users, eq(users.id, members.userId))
      .innerJoin(organizations, eq(organizations.id, members.tenantId))
      .leftJoin(
        contacts,
        and(eq(contacts.tenantId, members.tenantId), eq(contacts.userId, members.userId)),
      )
      .where(and(eq(members.tenantId, tenantId), eq(members.userId, userId))),
);

/** A user who may get an email about conversations. */
export type NotifiedUser = NonNullable<Awaited<ReturnType<typeof findRecipient>>>;

/** The member with this id, the address that may be written to, and its preferences. */
export async function findRecipient(ctx: TenantContext, userId: Id<'usr'>) {
  const [[row], preferences, isStaff] = await Promise.all([
    selectRecipient(ctx.tx, { tenantId: ctx.tenantId, userId }),
    readPreferences(ctx, userId),
    isActiveStaff(ctx, userId),
  ]);
  if (!row) return undefined;
  const { email, emailVerifiedAt, contactAddress: address, language, ...member } = row;
  const mayUseAccount = emailVerifiedAt !== null || !ctx.settings.requiresVerifiedEmail;
  const accountAddress = mayUseAccount ? email : null;
  const isContactOnly = email.endsWith(CONTACT_DOMAIN) || email.endsWith(DELETED_DOMAIN);
  return {
    ...member,
    userId,
    address: isContactOnly ? address : accountAddress,
    locale: preferences.locale ?? language ?? 'en',
    preferences,
    isStaff,
    isActive: row.removedAt === null,
  };
}
