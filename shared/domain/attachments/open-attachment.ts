import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { AttachmentErrors } from './errors.ts';
import { storageKey } from './storage-key.ts';
import { requireReadyAttachment } from './visible.ts';

/** Opens an attachment's bytes, or those of one of its variants. */
export const openAttachment = defineAction({
  summary: "Download an attachment's bytes",
  input: z.strictObject({ id: idSchema('att'), variant: z.string().max(50).optional() }),
  output: z.custom<OpenedAttachment>(),
  allow: 'attachments:read',
  transaction: 'own',
  async run(ctx, { id, variant }) {
    const row = await readTenant(ctx, (tenant) => requireReadyAttachment(tenant, id));
    const derived = row.variants.find(({ name }) => name === variant);
    if (variant !== undefined && !derived) throw AttachmentErrors.NotFound();
    const key = storageKey(row.tenantId, id, variant);
    return {
      name: derived
        ? `${row.name}.${derived.name}.${endings[derived.contentType] ?? 'bin'}`
        : row.name,
      contentType: derived?.contentType ?? row.contentType,
      sizeBytes: derived?.sizeBytes ?? row.sizeBytes,
      etag: `"${row.sha256.slice(0, 32)}${derived ? `-${derived.name}` : ''}"`,
      stream: (range?: ByteRange) => ctx.storage.download(key, range ? { range } : {}),
    };
  },
});

const endings: Record<string, string> = {
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'audio/mp4': 'm4a',
  'application/vnd.apple.mpegurl': 'm3u8',
  'application/json': 'json',
};

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
