import {
  defineAction,
  type MemberContext,
  readTenant,
  singleLine,
  withTenant,
} from '@insightdesk/shared/context';
import { releaseBytes, reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { AppError, UnavailableError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { createByteMeter, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { attachmentUploaded } from '../events.ts';
import { storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import { attachmentView, toAttachment } from '../view.ts';
import { checkContent, needsProcessing } from './check-content.ts';
import { maxFileBytesOf, readFilePolicy, requireAllowedType } from './file-policy.ts';

/** Stores a file, bytes first, then the row; rejects content that does not match its name. */
export const uploadAttachment = defineAction({
  summary: 'Upload a file',
  input: z.strictObject({
    name: singleLine(255),
    contentType: z.string().max(200),
    body: z.instanceof(ReadableStream<Uint8Array>),
    /** The size limit, where the client declared one. */
    maxBytes: z.int().min(0).optional(),
  }),
  output: attachmentView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { name, contentType, body, maxBytes: declaredBytes }) {
    const { settings, tenantId, actor } = ctx;
    const { storage } = ctx.files;
    const id = newId('att');
    const key = storageKey(tenantId, id);
    // Only the last write commits the request: reservation and cleanup do not use its key.
    const withoutKey = { ...ctx, idempotency: undefined };
    const policy = await readTenant(withoutKey, readFilePolicy);
    const limit = maxFileBytesOf(policy, ctx);
    const maxBytes = Math.min(declaredBytes ?? limit, limit);
    await reserveBytes(withoutKey, { id, bytes: maxBytes }).catch(async (error) => {
      const isFull = error instanceof AppError && error.code === 'QUOTA_EXCEEDED';
      if (isFull) {
        await checkRepeated(ctx, [name, contentType], limitBytes(readChunks(body), maxBytes));
      }
      throw error;
    });
    try {
      const stored = await storage.upload(key, body, { contentType, maxBytes });
      const detectedType = await checkContent(ctx, key, { name, sizeBytes: stored.sizeBytes });
      requireAllowedType(policy, detectedType);
      const quarantined = ctx.files.antivirus.isEnabled;
      const isPending = quarantined || needsProcessing(detectedType);
      const status = isPending ? ('pending' as const) : ('ready' as const);
      ctx.idempotency?.addFingerprint([name, contentType, stored.sha256]);
      const [row] = await withTenant(ctx, async (tenant) => {
        // A reservation expires after an hour; the quota may be exhausted since.
        if (!(await releaseBytes(tenant, id))) {
          throw new UnavailableError('The upload took too long');
        }
        const values = { tenantId, id, name, contentType: detectedType, uploadedBy: actor.userId };
        const inserted = await tenant.tx
          .insert(attachments)
          .values({ ...values, ...stored, status, quarantined })
          .returning();
        await record(tenant, attachmentUploaded, { attachmentId: id, contentType: detectedType });
        return inserted;
      });
      if (!row) throw new Error('The attachment was not inserted');
      return toAttachment(row, settings.publicUrl);
    } catch (error) {
      await Promise.all([storage.delete(key), releaseBytes(withoutKey, id)]);
      throw error;
    }
  },
});

/** A repeated request gets its stored response even when the quota is exhausted. */
async function checkRepeated(
  ctx: MemberContext,
  fields: string[],
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { idempotency } = ctx;
  if (!idempotency) return;
  const meter = createByteMeter();
  for await (const _ of meter.through(bytes));
  idempotency.addFingerprint([...fields, meter.result().sha256]);
  await readTenant(ctx, ({ tx }) => idempotency.check(tx));
}
