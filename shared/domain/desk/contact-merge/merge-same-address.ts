import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  findContact,
  findContactByAddress,
  lockIdentity,
} from '@insightdesk/shared/domain/desk/contacts';
import { findMember } from '@insightdesk/shared/domain/identity/users';
import { mergeContacts } from './merge-contacts.ts';

/** Merges the contact that the verified address of a new customer identifies into that customer. */
export function mergeContactOfMember(ctx: Context, { userId }: { userId: Id<'usr'> }) {
  return withTenant(ctx, async (tenant) => {
    const member = await findMember(tenant, userId);
    if (!member?.emailVerifiedAt || !(await findContact(tenant, userId))) return;
    await lockIdentity(tenant, member.email);
    await mergeSameAddress(tenant, userId, member.email);
  });
}

/**
 * Merges the contact that an address identifies into one that has verified it, unless it has an account
 * or an external id of its own: then it may be another person. The caller has locked the address.
 */
export async function mergeSameAddress(
  ctx: TenantContext,
  targetId: Id<'usr'>,
  address: string,
): Promise<void> {
  const other = await findContactByAddress(ctx, address);
  if (!other || other.id === targetId || other.hasLogin || other.externalId !== null) return;
  if (other.mergedInto || other.removedAt) return;
  await mergeContacts(ctx, { sourceId: other.id, targetId, reason: 'same-address' });
}
