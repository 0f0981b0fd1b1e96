import { defineAction, singleLine } from '@insightdesk/shared/context';
import { z } from 'zod';
import { ContactErrors } from './errors.ts';
import { contactChanges, externalId, statedAddress } from './fields.ts';
import { findContactByAddress, requireContact } from './find-contact.ts';
import { lockIdentity } from './resolve-contact.ts';
import { contactEtag, contactView, toContact } from './view.ts';
import { createContactRow } from './write-contact.ts';

/** Creates a contact; an address without an externalId identifies it. */
export const createContact = defineAction({
  summary: 'Create a contact',
  input: z.strictObject({
    ...contactChanges,
    ...statedAddress,
    name: singleLine(200),
    externalId: externalId.optional(),
  }),
  output: contactView,
  etag: contactEtag,
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { email, emailVerified, ...input }) {
    if (email) await lockIdentity(ctx, email);
    const mayIdentify = input.externalId === undefined;
    const identifies = emailVerified || mayIdentify;
    if (email && identifies && (await findContactByAddress(ctx, email)))
      throw ContactErrors.AddressTaken();
    const address = email && { address: email, isVerified: emailVerified, mayIdentify };
    const id = await createContactRow(ctx, { ...input, address: address || undefined });
    return toContact(await requireContact(ctx, id));
  },
});
