import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  findContact,
  findContactByAddress,
  lockIdentity,
} from '@insightdesk/shared/domain/desk/contacts';
import { findMember } from '@insightdesk/shared/domain/identity/users';
import { mergeContacts } from './merge-contacts.ts';

/**
 * Merges the contact that the verified address of a new customer identifies into that customer, unless
 * it has an account or an external id of its own: then it may be another person.
 */
export function mergeContactWithSameAddress(ctx: Context, { userId }: { userId: Id<'usr'> }) {
  return withTenant(ctx, async (tenant) => {
    const member = await findMember(tenant, userId);
    if (!member?.emailVerifiedAt || !(await findContact(tenant, userId))) return;
    await lockIdentity(tenant, member.email);
    const other = await findContactByAddress(tenant, member.email);
    if (!other || other.id === userId || other.hasLogin) return;
    if (other.externalId !== null || other.blockedAt || other.removedAt) return;
    await mergeContacts(tenant, { sourceId: other.id, targetId: userId, reason: 'same-address' });
  });
}
