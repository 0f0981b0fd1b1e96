import {
  defineAction,
  line,
  type MemberContext,
  readTenant,
  withTenant,
} from '@insightdesk/shared/context';
import { releaseBytes, reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { AppError, UnavailableError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { createMeter, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { attachmentUploaded } from '../events.ts';
import { storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import { attachmentView, toAttachment } from '../view.ts';
import { checkContent, needsProcessing } from './check-content.ts';
import { maxFileBytesOf, readFilePolicy, requireAllowedType } from './file-policy.ts';

/** Stores a file, refusing what is not what it claims to be; bytes first, then the row. */
export const uploadAttachment = defineAction({
  summary: 'Upload a file',
  input: z.strictObject({
    name: line(255),
    contentType: z.string().max(200),
    body: z.instanceof(ReadableStream<Uint8Array>),
    /** As many bytes at most, where that is known. */
    maxBytes: z.int().min(0).optional(),
  }),
  output: attachmentView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { name, contentType, body, maxBytes: announced }) {
    const {
      files: { storage },
      settings,
      tenantId,
      actor,
    } = ctx;
    const id = newId('att');
    const key = storageKey(tenantId, id);
    // Only the last write makes it certain: what comes before or cleans up takes no request's key.
    const aside = { ...ctx, once: undefined };
    const policy = await readTenant(aside, readFilePolicy);
    const most = maxFileBytesOf(policy, ctx);
    const maxBytes = Math.min(announced ?? most, most);
    await reserveBytes(aside, { id, bytes: maxBytes }).catch(async (error) => {
      const isFull = error instanceof AppError && error.code === 'QUOTA_EXCEEDED';
      if (isFull)
        await lookBefore(ctx, [name, contentType], limitBytes(readChunks(body), maxBytes));
      throw error;
    });
    try {
      const stored = await storage.upload(key, body, { contentType, maxBytes });
      const trueType = await checkContent(ctx, key, { name, sizeBytes: stored.sizeBytes });
      requireAllowedType(policy, trueType);
      const quarantined = ctx.files.antivirus.isOn;
      const isPending = quarantined || needsProcessing(trueType);
      const status = isPending ? ('pending' as const) : ('ready' as const);
      ctx.once?.add([name, contentType, stored.sha256]);
      const [row] = await withTenant(ctx, async (tenant) => {
        // What took longer than an hour has lost its reservation, and the quota may be full by now.
        if (!(await releaseBytes(tenant, id)))
          throw new UnavailableError('The upload took too long');
        const values = { tenantId, id, name, contentType: trueType, uploadedBy: actor.userId };
        const inserted = await tenant.tx
          .insert(attachments)
          .values({ ...values, ...stored, status, quarantined })
          .returning();
        await record(tenant, attachmentUploaded, { attachmentId: id, contentType: trueType });
        return inserted;
      });
      if (!row) throw new Error('The attachment was not inserted');
      return toAttachment(row, settings.publicUrl);
    } catch (error) {
      await Promise.all([storage.delete(key), releaseBytes(aside, id)]);
      throw error;
    }
  },
});

/** What was stored before is answered as it was then, also when not as much again would fit. */
async function lookBefore(
  ctx: MemberContext,
  words: string[],
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { once } = ctx;
  if (!once) return;
  const meter = createMeter();
  for await (const _ of meter.through(bytes));
  once.add([...words, meter.result().sha256]);
  await readTenant(ctx, ({ tx }) => once.look(tx));
}
