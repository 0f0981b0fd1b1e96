import { defineAction, type MemberContext, withTenant } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { newPartName, storageKey } from '../storage-key.ts';
import { uploadParts, uploads } from '../tables.ts';
import { finishUpload } from './finish-upload.ts';
import { isOwnUpload } from './own-upload.ts';
import { splitIntoChunks } from './split-into-chunks.ts';

/** What a killed process loses at most, and a slow sender. */
const PART = { bytes: 16 * 1024 * 1024, ms: 10_000 };
const MOST_PARTS = 10_000;

/**
 * Goes on with an upload from `offset`. What came stays, part by part, also when the body breaks
 * off, whose error is thrown then. Throws 409 when another request has taken the upload over.
 */
export const appendToUpload = defineAction({
  summary: 'Go on with a resumable upload',
  input: z.strictObject({
    id: idSchema('att'),
    offset: z.int().min(0),
    /** Who holds the upload; see `lockUpload`. */
    holder: z.uuid(),
    body: z.custom<AsyncIterable<Uint8Array>>(),
  }),
  output: z.object({ offset: z.int() }),
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id, offset, holder, body }) {
    const pieces = splitIntoChunks(body, PART);
    let at = offset;
    while (await pieces.hasMore()) {
      at += await addPart(ctx, { id, start: at, holder, bytes: pieces.next() });
    }
    if (pieces.failure() !== undefined) throw pieces.failure();
    return { offset: at };
  },
});

interface Part {
  id: Id<'att'>;
  start: number;
  holder: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** The file first, then its row: what is left between them is collected with the upload. */
async function addPart(ctx: MemberContext, { id, start, holder, bytes }: Part) {
  const {
    files: { storage },
    tenantId,
  } = ctx;
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
            lt(uploads.parts, MOST_PARTS),
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
