import { defineAction, requireMatch, type TenantContext } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { contactChanges, statedAddress } from './fields.ts';
import { type ContactRow, requireContact } from './find-contact.ts';
import { lockIdentity } from './resolve-contact.ts';
import { contacts } from './tables.ts';
import { contactEtag, contactView } from './view.ts';
import { addAddress, changeContact, contactById, recordContactUpdated } from './write-contact.ts';

/** A blocked contact is no active member: its sessions end, and it cannot sign in or write. */
export const updateContact = defineAction({
  summary: 'Update or block a contact',
  input: z.strictObject({
    id: idSchema('usr'),
    ...contactChanges,
    ...statedAddress,
    blocked: z.boolean().optional(),
  }),
  output: contactView,
  etag: contactEtag,
  requiresIfMatch: true,
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { id, email, emailVerified, blocked, ...changes }) {
    const contact = await requireContact(ctx, id);
    requireMatch(ctx, contact.version);
    if (email) {
      await lockIdentity(ctx, email);
      const mayIdentify = contact.externalId === null && !contact.isAnonymous;
      await addAddress(ctx, id, { address: email, isVerified: emailVerified, mayIdentify });
    }
    await changeContact(ctx, id, changes);
    if (blocked !== undefined) await setBlocked(ctx, contact, blocked);
    return recordContactUpdated(ctx, id);
  },
});

async function setBlocked(ctx: TenantContext, contact: ContactRow, blocked: boolean) {
  const isBlocked = contact.blockedAt !== null;
  if (blocked === isBlocked || contact.mergedInto) return;
  const at = blocked ? new Date() : null;
  const { tx, tenantId } = ctx;
  await tx
    .update(members)
    .set({ removedAt: at })
    .where(matches(members, { tenantId, userId: contact.id }));
  await tx.update(contacts).set({ blockedAt: at }).where(contactById(ctx, contact.id));
}
