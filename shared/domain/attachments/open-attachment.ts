import { defineAction, readTenant, type UserContext } from '@insightdesk/shared/context';
import { type Id, idSchema, roles } from '@insightdesk/shared/contract';
import { and, eq, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from './errors.ts';
import { attachments } from './tables.ts';
import { storageKey } from './upload.ts';
import { attachmentView, toAttachment } from './view.ts';

/** What an upload has become. */
export const getAttachment = defineAction({
  summary: "Get an attachment's metadata",
  input: z.strictObject({ id: idSchema('att') }),
  output: attachmentView,
  allow: roles,
  transaction: 'read',
  async run(ctx, { id }) {
    return toAttachment(await requireVisible(ctx, id), ctx.settings.publicUrl);
  },
});

/** Opens an attachment's bytes, or those of one of its variants. */
export const openAttachment = defineAction({
  summary: "Download an attachment's bytes",
  input: z.strictObject({ id: idSchema('att'), variant: z.string().max(50).optional() }),
  output: z.custom<OpenedAttachment>(),
  allow: roles,
  transaction: 'own',
  async run(ctx, { id, variant }) {
    const row = await readTenant(ctx, (tenant) => requireVisible(tenant, id));
    const derived = row.variants.find(({ name }) => name === variant);
    if (variant !== undefined && !derived) throw AttachmentErrors.NotFound();
    const key = storageKey(row.tenantId, id, variant);
    return {
      name: derived ? `${row.name}.${derived.name}.webp` : row.name,
      contentType: derived?.contentType ?? row.contentType,
      sizeBytes: derived?.sizeBytes ?? row.sizeBytes,
      etag: `"${row.sha256.slice(0, 32)}${derived ? `-${derived.name}` : ''}"`,
      stream: (range?: ByteRange) => ctx.storage.download(key, range ? { range } : {}),
    };
  },
});

interface ByteRange {
  start: number;
  /** Inclusive. */
  end: number;
}

/** Bytes ready to be streamed, and what to say about them. */
export interface OpenedAttachment {
  name: string;
  contentType: string;
  sizeBytes: number;
  etag: string;
  stream(range?: ByteRange): Promise<ReadableStream<Uint8Array>>;
}

/** Staff sees everything; a customer its own uploads and what its conversations show it. */
async function requireVisible({ tx, tenantId, actor }: UserContext, id: Id<'att'>) {
  const visible =
    actor.role === 'customer'
      ? or(eq(attachments.uploadedBy, actor.userId), eq(attachments.customerId, actor.userId))
      : sql`true`;
  const [row] = await tx
    .select()
    .from(attachments)
    .where(and(eq(attachments.tenantId, tenantId), eq(attachments.id, id), visible))
    .execute();
  if (!row) throw AttachmentErrors.NotFound();
  return row;
}
