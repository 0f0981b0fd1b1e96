import { type Context, systemContext } from '@insightdesk/shared/context';
import { UnavailableError } from '@insightdesk/shared/errors';
import type { FairQueue } from '@insightdesk/shared/promises';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import { needsProcessing } from '../uploads/check-content.ts';
import type { AttachmentRow } from '../view.ts';
import { cacheImage } from './cache-image.ts';
import { type ImageLink, readImageLink } from './image-link.ts';
import { imageFileName, toTransform } from './image-request.ts';
import { requireLinkedAttachment } from './linked-attachment.ts';
import { type LinkedFile, shortHashOf, variantFileName } from './stored-file.ts';

/** Of an original; what is larger is made from its variant instead. */
const MOST_SOURCE_BYTES = 32 * 1024 * 1024;

/** What is being made right now, by key: whoever asks for the same waits for it. */
export type PendingImages = Map<string, Promise<Uint8Array<ArrayBuffer>>>;

/**
 * Opens the picture that a link asks for, from the cache or made now. Throws ForbiddenError for a
 * link that is not ours or has expired, 404 when its attachment is not there or not a picture any
 * more, 422 for what cannot be decoded, 503 while its organisation has enough waiting in `line`.
 */
export async function openLinkedImage(
  caller: Context,
  { id, query }: { id: string; query: URLSearchParams },
  { line, inWork }: { line: FairQueue; inWork: PendingImages },
): Promise<LinkedFile> {
  const link = readImageLink(caller, id, query);
  const ctx = systemContext(caller, 'images', { ...caller, tenantId: link.tenantId });
  const row = await requirePicture(ctx, link);
  const name = imageFileName(link.request);
  const key = storageKey(row.tenantId, row.id, `images/${name}`);
  const contentType = `image/${link.request.format}`;
  const told = {
    name: variantFileName(row, name.slice(0, name.lastIndexOf('.')), contentType),
    contentType,
    etag: `"${shortHashOf(row)}-${name}"`,
    modifiedAt: row.createdAt,
    isForSaving: link.isDownload,
    expiresAt: link.expiresAt,
  };
  const kept = await ctx.files.storage.metadata(key);
  if (kept) {
    const { sizeBytes } = kept;
    return {
      ...told,
      sizeBytes,
      stream: (range) => ctx.files.storage.download(key, range && { range }),
    };
  }
  const bytes = await once(inWork, key, () =>
    line(row.tenantId, async () => {
      const made = await make(ctx, row, link);
      await cacheImage(ctx, row, { key, bytes: made, contentType });
      return made;
    }),
  );
  return {
    ...told,
    sizeBytes: bytes.byteLength,
    stream: async ({ start, end } = { start: 0, end: bytes.byteLength - 1 }) =>
      new Blob([bytes.subarray(start, end + 1)]).stream(),
  };
}

async function requirePicture(ctx: Parameters<typeof requireLinkedAttachment>[0], link: ImageLink) {
  const row = await requireLinkedAttachment(ctx, link);
  if (!needsProcessing(row.contentType)) throw AttachmentErrors.NotFound();
  return row;
}

function once(
  inWork: PendingImages,
  key: string,
  begin: () => Promise<Uint8Array<ArrayBuffer>> | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const already = inWork.get(key);
  if (already) return already;
  const begun = begin();
  if (!begun) throw new UnavailableError('Too many pictures of this organisation are being made');
  inWork.set(key, begun);
  return begun.finally(() => inWork.delete(key));
}

async function make(
  { files: { storage, media } }: Context,
  row: AttachmentRow,
  { request }: ImageLink,
) {
  const isSmall = row.sizeBytes <= MOST_SOURCE_BYTES;
  const source = storageKey(row.tenantId, row.id, isSmall ? 'original' : 'webp');
  const bytes = await new Response(await storage.download(source)).bytes();
  const of = { owner: row.tenantId };
  return (await media.transformImage(bytes, toTransform(request), of)).bytes;
}
