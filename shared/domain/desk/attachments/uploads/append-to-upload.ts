import { defineAction, type MemberContext, withTenant } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isOwnUpload } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { newPartName, storageKey } from '../storage-key.ts';
import { uploadParts, uploads } from '../tables.ts';
import { finishUpload } from './finish-upload.ts';
import { splitIntoChunks } from './split-into-chunks.ts';

/** A killed process or a slow client loses at most one part. */
const PART = { bytes: 16 * 1024 * 1024, ms: 10_000 };
const MAX_PARTS = 10_000;

/**
 * Appends to an upload from `offset`. Received parts are stored even when the body breaks off; the
 * body's error is thrown then. Throws 409 when another request has taken over the upload.
 */
export const appendToUpload = defineAction({
  summary: 'Append to a resumable upload',
  input: z.strictObject({
    id: idSchema('att'),
    offset: z.int().min(0),
    /** The holder of the lock; see `lockUpload`. */
    holder: z.uuid(),
    body: z.custom<AsyncIterable<Uint8Array>>(),
  }),
  output: z.object({ offset: z.int() }),
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id, offset, holder, body }) {
    const chunks = splitIntoChunks(body, PART);
    let start = offset;
    while (await chunks.hasMore()) {
      start += await storePart(ctx, { id, start, holder, bytes: chunks.next() });
    }
    if (chunks.failure() !== undefined) throw chunks.failure();
    return { offset: start };
  },
});

interface Part {
  id: Id<'att'>;
  start: number;
  holder: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** Stores the file first, then its row; a file without a row is deleted with the upload. */
async function storePart(ctx: MemberContext, { id, start, holder, bytes }: Part) {
  const { tenantId, files } = ctx;
  const { storage } = files;
  const file = newPartName(start);
  const key = storageKey(tenantId, id, file);
  const contentType = 'application/octet-stream';
  const { sizeBytes } = await storage.upload(key, bytes, { contentType, maxBytes: PART.bytes });
  try {
    await withTenant(ctx, async (tenant) => {
      const [row] = await tenant.tx
        .update(uploads)
        .set({
          receivedBytes: sql`${uploads.receivedBytes} + ${sizeBytes}::bigint`,
          parts: sql`${uploads.parts} + 1`,
        })
        .where(
          and(
            isOwnUpload(tenant, id),
            eq(uploads.receivedBytes, start),
            eq(uploads.lockedBy, holder),
            isNull(uploads.completedAt),
            gt(uploads.expiresAt, sql`now()`),
            lt(uploads.parts, MAX_PARTS),
          ),
        )
        .returning();
      if (!row) throw AttachmentErrors.TakenOver();
      await tenant.tx
        .insert(uploadParts)
        .values({ tenantId, uploadId: id, start, sizeBytes, file });
      if (row.receivedBytes === row.sizeBytes) await finishUpload(tenant, row);
    });
  } catch (error) {
    await storage.delete(key).catch(() => undefined);
    throw error;
  }
  return sizeBytes;
}
