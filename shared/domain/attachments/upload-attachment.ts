import { defineAction, line, withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { checkContent, needsProcessing } from './content.ts';
import { attachmentUploaded } from './events.ts';
import { storageKey } from './storage-key.ts';
import { attachments } from './tables.ts';
import { attachmentView, toAttachment } from './view.ts';

/** Stores a file, refusing what is not what it claims to be; bytes first, then the row. */
export const uploadAttachment = defineAction({
  summary: 'Upload a file',
  input: z.strictObject({
    name: line(255),
    contentType: z.string().max(200),
    body: z.instanceof(ReadableStream<Uint8Array>),
  }),
  output: attachmentView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { name, contentType, body }) {
    const { storage, settings, tenantId, actor } = ctx;
    const id = newId('att');
    const key = storageKey(tenantId, id);
    const maxBytes = settings.maxFileBytes;
    const stored = await storage.upload(key, body, { contentType, maxBytes });
    try {
      const trueType = await checkContent(ctx, key, { name, sizeBytes: stored.sizeBytes });
      const status = needsProcessing(trueType) ? ('pending' as const) : ('ready' as const);
      ctx.once?.add([name, contentType, stored.sha256]);
      const [row] = await withTenant(ctx, async (tenant) => {
        const values = { tenantId, id, name, contentType: trueType, uploadedBy: actor.userId };
        const inserted = await tenant.tx
          .insert(attachments)
          .values({ ...values, ...stored, status })
          .returning();
        await record(tenant, attachmentUploaded, { attachmentId: id, contentType: trueType });
        return inserted;
      });
      if (!row) throw new Error('The attachment was not inserted');
      return toAttachment(row, settings.publicUrl);
    } catch (error) {
      await storage.delete(key);
      throw error;
    }
  },
});
