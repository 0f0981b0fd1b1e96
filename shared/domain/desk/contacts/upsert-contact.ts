import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { z } from 'zod';
import { contactChanges, externalId, statedAddress } from './fields.ts';
import {
  type ContactRow,
  findContactByAddress,
  findContactByExternalId,
  requireContact,
} from './find-contact.ts';
import { lockIdentity, nameOf } from './resolve-contact.ts';
import { contacts } from './tables.ts';
import { contactView, toContact } from './view.ts';
import {
  addAddress,
  changeContact,
  contactById,
  createContactRow,
  recordContactUpdated,
  type StatedAddress,
} from './write-contact.ts';

/**
 * Creates or updates the contact with this id in the product. A verified address of a contact without
 * an `externalId` is that contact's; an unverified one only belongs to this contact.
 */
export const upsertContact = defineAction({
  summary: 'Create or update a contact by its external id',
  input: z.strictObject({ externalId, ...contactChanges, ...statedAddress }),
  output: z.object({ contact: contactView, isNew: z.boolean() }),
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { externalId: id, email, emailVerified, ...changes }) {
    const address = email
      ? { address: email, isVerified: emailVerified, mayIdentify: false }
      : undefined;
    await lockIdentity(ctx, id);
    if (address?.isVerified) await lockIdentity(ctx, address.address);
    const found = (await findContactByExternalId(ctx, id)) ?? (await adopt(ctx, id, address));
    if (!found) {
      const name = changes.name ?? nameOf(email) ?? id;
      const created = await createContactRow(ctx, { ...changes, name, externalId: id, address });
      return { contact: toContact(await requireContact(ctx, created)), isNew: true };
    }
    if (address) await addAddress(ctx, found.id, address);
    await changeContact(ctx, found.id, changes);
    return { contact: await recordContactUpdated(ctx, found.id), isNew: false };
  },
});

/** The contact that a verified address identifies and that has no external id yet; it gets this one. */
export async function adopt(
  ctx: TenantContext,
  id: string,
  address: StatedAddress | undefined,
): Promise<ContactRow | undefined> {
  if (!address?.isVerified) return undefined;
  const found = await findContactByAddress(ctx, address.address);
  if (!found || found.externalId !== null || found.mergedInto) return undefined;
  await ctx.tx
    .update(contacts)
    .set({ externalId: id, isAnonymous: false })
    .where(contactById(ctx, found.id));
  return found;
}
