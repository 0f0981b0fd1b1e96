import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireContact } from './find-contact.ts';
import { contactEtag, contactView, toContact } from './view.ts';

export const getContact = defineAction({
  summary: 'Get a contact',
  input: z.strictObject({ id: idSchema('usr') }),
  output: contactView,
  etag: contactEtag,
  allow: 'contacts:read',
  transaction: 'read',
  run: async (ctx, { id }) => toContact(await requireContact(ctx, id)),
});
