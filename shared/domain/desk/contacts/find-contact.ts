import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, statement, type Tx } from '@insightdesk/shared/database';
import { CONTACT_DOMAIN, members, users } from '@insightdesk/shared/domain/identity/users';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { ContactErrors } from './errors.ts';
import { companies, contactAddresses, contacts } from './tables.ts';

/** Columns of a contact with its member, company and addresses. */
const contactColumns = {
  id: contacts.userId,
  name: members.name,
  role: members.role,
  avatarUrl: members.avatarUrl,
  removedAt: members.removedAt,
  externalId: contacts.externalId,
  timeZone: contacts.timeZone,
  language: contacts.language,
  properties: contacts.properties,
  companyId: contacts.companyId,
  companyName: companies.name,
  isAnonymous: contacts.isAnonymous,
  blockedAt: contacts.blockedAt,
  mergedInto: contacts.mergedInto,
  version: contacts.version,
  createdAt: contacts.createdAt,
  hasLogin: sql<boolean>`${users.email} not like ${`%${CONTACT_DOMAIN}`}`,
  addresses: sql<{ address: string; verified: boolean }[] | null>`(
    select json_agg(json_build_object('address', a.address, 'verified', a.verified_at is not null)
      order by a.verified_at is null, a.created_at, a.address)
    from ${contactAddresses} a
    where a.tenant_id = ${contacts.tenantId} and a.contact_id = ${contacts.userId})`,
};

export interface ContactRow {
  id: Id<'usr'>;
  name: string;
  role: typeof members.$inferSelect.role;
  avatarUrl: string | null;
  removedAt: Date | null;
  externalId: string | null;
  timeZone: string | null;
  language: string | null;
  properties: typeof contacts.$inferSelect.properties;
  companyId: Id<'cmp'> | null;
  companyName: string | null;
  isAnonymous: boolean;
  blockedAt: Date | null;
  mergedInto: Id<'usr'> | null;
  version: number;
  createdAt: Date;
  hasLogin: boolean;
  addresses: { address: string; verified: boolean }[] | null;
}

/** A contact that is staff now is no contact. */
const isCustomer = eq(members.role, 'customer');

const selectFrom = (q: Tx) =>
  q
    .select(contactColumns)
    .from(contacts)
    .innerJoin(members, matches(members, { tenantId: contacts.tenantId, userId: contacts.userId }))
    .innerJoin(users, eq(users.id, contacts.userId))
    .leftJoin(
      companies,
      matches(companies, { tenantId: contacts.tenantId, id: contacts.companyId }),
    );

const selectById = statement(
  { tenantId: contacts.tenantId, id: contacts.userId },
  ({ tenantId, id }, q) =>
    selectFrom(q).where(and(eq(contacts.tenantId, tenantId), eq(contacts.userId, id), isCustomer)),
);

/** The contact with this id, merged ones too. */
export async function findContact(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  id: Id<'usr'>,
): Promise<ContactRow | undefined> {
  const [row] = await selectById(tx, { tenantId, id });
  return row as ContactRow | undefined;
}

/** Contacts of the organization by other conditions; merged ones too. */
export const selectContacts = ({ tx, tenantId }: TenantContext, where: SQL | undefined) =>
  selectFrom(tx).where(and(eq(contacts.tenantId, tenantId), isCustomer, where));

export async function requireContact(ctx: TenantContext, id: Id<'usr'>): Promise<ContactRow> {
  const contact = await findContact(ctx, id);
  if (!contact) throw ContactErrors.NotFound();
  return contact;
}

/** The contact, or the one that it was merged into; throws 404, and 409 CONTACT_BLOCKED. */
export async function requireActiveContact(ctx: TenantContext, id: Id<'usr'>): Promise<ContactRow> {
  const found = await requireContact(ctx, id);
  const contact = found.mergedInto ? await requireContact(ctx, found.mergedInto) : found;
  if (contact.removedAt) throw ContactErrors.Blocked();
  return contact;
}

/** The contact with this id in the product of the organization, or the one that it was merged into. */
export async function findContactByExternalId(ctx: TenantContext, externalId: string) {
  const [found] = await selectContacts(ctx, eq(contacts.externalId, externalId)).execute();
  return found?.mergedInto ? findContact(ctx, found.mergedInto) : (found as ContactRow | undefined);
}

/** The contact that this address identifies; claimed addresses identify nobody. */
export async function findContactByAddress(ctx: TenantContext, address: string) {
  const { tx, tenantId } = ctx;
  const [row] = await tx
    .select({ id: contactAddresses.contactId })
    .from(contactAddresses)
    .where(matches(contactAddresses, { tenantId, address, isIdentity: true }));
  return row && findContact(ctx, row.id);
}
