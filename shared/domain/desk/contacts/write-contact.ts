import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, onViolation } from '@insightdesk/shared/database';
import { CONTACT_DOMAIN, createAccount, members } from '@insightdesk/shared/domain/identity/users';
import { requireBytesLeft } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, sql } from 'drizzle-orm';
import { ContactErrors } from './errors.ts';
import { contactCreated, contactUpdated } from './events.ts';
import { type ContactChanges, changeProperties } from './fields.ts';
import { requireContact } from './find-contact.ts';
import { companies, contactAddresses, contacts } from './tables.ts';
import { toContact } from './view.ts';

const MAX_ADDRESSES = 10;
/** What a contact counts in the quota of stored bytes besides its properties. */
const CONTACT_BYTES = 500;

/** An address and what is known of it; see `contactAddresses`. */
export interface StatedAddress {
  address: string;
  isVerified: boolean;
  /** Whether an unverified address identifies the contact unless it identifies another one. */
  mayIdentify: boolean;
}

interface NewContact extends ContactChanges {
  name: string;
  externalId?: string | undefined;
  isAnonymous?: boolean;
  address?: StatedAddress | undefined;
}

/** Creates a contact: a user without a password, with an address that receives nothing. */
export async function createContactRow(ctx: TenantContext, input: NewContact): Promise<Id<'usr'>> {
  const { tx, tenantId } = ctx;
  const { name, externalId, isAnonymous = false, address, ...changes } = input;
  await requireBytesLeft(ctx, CONTACT_BYTES);
  const id = newId('usr');
  await createAccount(ctx, { id, email: `${id}${CONTACT_DOMAIN}`, name });
  // A trigger inserts the contact.
  await tx.insert(members).values({ tenantId, userId: id, role: 'customer', name });
  if (externalId !== undefined || isAnonymous) {
    await tx
      .update(contacts)
      .set({ externalId: externalId ?? null, isAnonymous })
      .where(contactById(ctx, id))
      .catch(onViolation('contacts_external_id', ContactErrors.ExternalIdTaken));
  }
  if (address) await addAddress(ctx, id, address);
  await changeContact(ctx, id, changes);
  await record(ctx, contactCreated, { contact: toContact(await requireContact(ctx, id)) });
  return id;
}

export const contactById = ({ tenantId }: Pick<TenantContext, 'tenantId'>, userId: Id<'usr'>) =>
  matches(contacts, { tenantId, userId });

/** Changes a contact and its name as a member. */
export async function changeContact(
  ctx: TenantContext,
  id: Id<'usr'>,
  { name, avatarUrl, properties, ...changes }: ContactChanges,
): Promise<void> {
  const { tx, tenantId } = ctx;
  if (name !== undefined || avatarUrl !== undefined) {
    await tx
      .update(members)
      .set({ ...(name !== undefined && { name }), ...(avatarUrl !== undefined && { avatarUrl }) })
      .where(matches(members, { tenantId, userId: id }));
  }
  if (changes.companyId) await requireCompany(ctx, changes.companyId);
  const values = Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  );
  if (!properties && Object.keys(values).length === 0) return;
  const [before] = await tx.select().from(contacts).where(contactById(ctx, id)).for('update');
  if (!before) throw ContactErrors.NotFound();
  const after = changeProperties(before.properties, properties);
  if (properties) await requireBytesLeft(ctx, Buffer.byteLength(JSON.stringify(after)));
  await tx
    .update(contacts)
    .set({ ...values, properties: after })
    .where(contactById(ctx, id));
}

/** Counts a change of the contact and emits `contact.updated`. */
export async function recordContactUpdated(ctx: TenantContext, id: Id<'usr'>) {
  await ctx.tx
    .update(contacts)
    .set({ version: sql`${contacts.version} + 1` })
    .where(contactById(ctx, id));
  const contact = toContact(await requireContact(ctx, id));
  await record(ctx, contactUpdated, { contact });
  return contact;
}

async function requireCompany({ tx, tenantId }: TenantContext, id: Id<'cmp'>) {
  const [company] = await tx
    .select({ id: companies.id })
    .from(companies)
    .where(matches(companies, { tenantId, id }))
    .for('share');
  if (!company) throw ContactErrors.UnknownCompany();
}

/**
 * Adds an address, or what is new about it. An address that identifies another contact does not
 * identify this one. Returns whether something changed.
 */
export async function addAddress(
  ctx: TenantContext,
  contactId: Id<'usr'>,
  { address, isVerified, mayIdentify }: StatedAddress,
): Promise<boolean> {
  const { tx, tenantId } = ctx;
  const isOwn = eq(contactAddresses.contactId, contactId);
  const [known] = await tx
    .select()
    .from(contactAddresses)
    .where(and(matches(contactAddresses, { tenantId, address }), isOwn));
  const verifiedAt = known?.verifiedAt ?? (isVerified ? new Date() : null);
  const wantsIdentity = isVerified || mayIdentify;
  const isIdentity = known?.isIdentity || (wantsIdentity && (await isFree(ctx, address)));
  if (known && known.isIdentity === isIdentity && known.verifiedAt === verifiedAt) return false;
  if (!known) {
    const count = await tx.$count(
      contactAddresses,
      and(eq(contactAddresses.tenantId, tenantId), isOwn),
    );
    if (count >= MAX_ADDRESSES) throw ContactErrors.TooManyAddresses(MAX_ADDRESSES);
  }
  await tx
    .insert(contactAddresses)
    .values({ tenantId, contactId, address, verifiedAt, isIdentity })
    .onConflictDoUpdate({
      target: [contactAddresses.tenantId, contactAddresses.contactId, contactAddresses.address],
      set: { verifiedAt, isIdentity },
    });
  return true;
}

/** Whether the address identifies no contact yet; callers lock the address, see lockAddress. */
async function isFree({ tx, tenantId }: TenantContext, address: string): Promise<boolean> {
  const taken = await tx
    .select({ id: contactAddresses.contactId })
    .from(contactAddresses)
    .where(matches(contactAddresses, { tenantId, address, isIdentity: true }));
  return taken.length === 0;
}
