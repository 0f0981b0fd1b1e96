import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { mergeSameAddress } from '@insightdesk/shared/domain/desk/contact-merge';
import {
  addAddress,
  adopt,
  type ContactRow,
  changeContact,
  contacts,
  createContactRow,
  findContactByExternalId,
  lockIdentity,
  nameOf,
  recordContactUpdated,
} from '@insightdesk/shared/domain/desk/contacts';
import { AppError } from '@insightdesk/shared/errors';
import { CustomerSignInErrors } from '../errors.ts';
import type { IdentityProfile } from './read-profile.ts';
import type { Identity } from './verify-identity-token.ts';

/**
 * The contact of a verified identity: the one with its external id, the one that its verified address
 * identifies, or a new one. An address that is not verified only belongs to this contact. Throws 403
 * for a blocked contact, and 401 for a member of staff.
 */
export async function resolveIdentity(
  ctx: TenantContext,
  { externalId, profile }: Identity,
): Promise<Id<'usr'>> {
  const { email, isEmailVerified } = profile;
  const address = email && { address: email, isVerified: isEmailVerified, mayIdentify: false };
  await lockIdentity(ctx, externalId);
  if (email && isEmailVerified) await lockIdentity(ctx, email);
  const found =
    (await findContactByExternalId(ctx, externalId)) ??
    (await adopt(ctx, externalId, address || undefined));
  if (found?.removedAt) throw CustomerSignInErrors.Blocked();
  if (found) return updateContact(ctx, found, profile);
  await rejectStaff(ctx, externalId);
  const { isEmailVerified: _, email: __, ...fields } = profile;
  const name = profile.name ?? nameOf(email) ?? externalId;
  return createContactRow(ctx, { ...fields, name, externalId, address: address || undefined });
}

/** The external id may belong to a customer who works for the organization now. */
async function rejectStaff({ tx, tenantId }: TenantContext, externalId: string): Promise<void> {
  const taken = await tx
    .select({ id: contacts.userId })
    .from(contacts)
    .where(matches(contacts, { tenantId, externalId }));
  if (taken.length > 0) throw CustomerSignInErrors.TokenInvalid('names a member of staff');
}

async function updateContact(
  ctx: TenantContext,
  contact: ContactRow,
  profile: IdentityProfile,
): Promise<Id<'usr'>> {
  const { email, isEmailVerified } = profile;
  if (email && isEmailVerified) await mergeSameAddress(ctx, contact.id, email);
  const hasNewAddress = email !== undefined && (await addClaim(ctx, contact, profile));
  const changes = changesOf(contact, profile);
  if (changes) await changeContact(ctx, contact.id, changes);
  const isAdopted = contact.externalId === null;
  if (isAdopted || hasNewAddress || changes) await recordContactUpdated(ctx, contact.id);
  return contact.id;
}

/** A contact with many addresses still signs in. */
async function addClaim(
  ctx: TenantContext,
  { id }: ContactRow,
  { email = '', isEmailVerified: isVerified }: IdentityProfile,
): Promise<boolean> {
  try {
    return await addAddress(ctx, id, { address: email, isVerified, mayIdentify: false });
  } catch (error) {
    if (error instanceof AppError && error.code === 'TOO_MANY_ADDRESSES') return false;
    throw error;
  }
}

function changesOf(contact: ContactRow, profile: IdentityProfile) {
  const names = ['name', 'avatarUrl', 'language', 'timeZone'] as const;
  const changed = names.filter(
    (name) => profile[name] !== undefined && profile[name] !== contact[name],
  );
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((name) => [name, profile[name]]));
}
