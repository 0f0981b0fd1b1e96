import { type Context, systemContext } from '@insightdesk/shared/context';
import { UnavailableError } from '@insightdesk/shared/errors';
import type { FairQueue } from '@insightdesk/shared/promises';
import { AttachmentErrors } from '../errors.ts';
import { requireLinkedAttachment } from '../get-attachment.ts';
import { storageKey } from '../storage-key.ts';
import { needsProcessing } from '../uploads/check-content.ts';
import type { AttachmentRow } from '../view.ts';
import { cacheImage } from './cache-image.ts';
import { type ImageLink, imageFileName, readImageLink, toTransform } from './image-link.ts';
import { type LinkedFile, shortHashOf, streamBytes, variantFileName } from './stored-file.ts';

/** Larger originals are rendered from their WebP variant. */
const MAX_SOURCE_BYTES = 32 * 1024 * 1024;

/** The images that are being rendered, by storage key: equal requests share one rendering. */
export type PendingImages = Map<string, Promise<Uint8Array<ArrayBuffer>>>;

/**
 * Opens the image of a link, from the cache or rendered now. Throws ForbiddenError for an invalid or
 * expired link, 404 when the attachment is not a ready image, 422 when it cannot be decoded, 503
 * while too many images of its organization wait in `queue`.
 */
export async function openLinkedImage(
  caller: Context,
  { id, query }: { id: string; query: URLSearchParams },
  { queue, pending }: { queue: FairQueue; pending: PendingImages },
): Promise<LinkedFile> {
  const link = readImageLink(caller, id, query);
  const ctx = systemContext(caller, 'images', { ...caller, tenantId: link.tenantId });
  const row = await requireLinkedAttachment(ctx, link);
  if (!needsProcessing(row.contentType)) throw AttachmentErrors.NotFound();
  const name = imageFileName(link.request);
  const key = storageKey(row.tenantId, row.id, `images/${name}`);
  const contentType = `image/${link.request.format}`;
  const file = {
    name: variantFileName(row, name.slice(0, name.lastIndexOf('.')), contentType),
    contentType,
    etag: `"${shortHashOf(row)}-${name}"`,
    modifiedAt: row.createdAt,
    isDownload: link.isDownload,
    expiresAt: link.expiresAt,
  };
  const cached = await ctx.files.storage.metadata(key);
  if (cached) {
    return {
      ...file,
      sizeBytes: cached.sizeBytes,
      stream: (range) => ctx.files.storage.download(key, range && { range }),
    };
  }
  const bytes = await renderOnce(pending, key, () =>
    queue(row.tenantId, async () => {
      const rendered = await renderImage(ctx, row, link);
      await cacheImage(ctx, row, { key, bytes: rendered, contentType });
      return rendered;
    }),
  );
  return { ...file, sizeBytes: bytes.byteLength, stream: streamBytes(bytes) };
}

function renderOnce(
  pending: PendingImages,
  key: string,
  start: () => Promise<Uint8Array<ArrayBuffer>> | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const running = pending.get(key);
  if (running) return running;
  const started = start();
  if (!started)
    throw new UnavailableError('Too many images of this organization are being rendered');
  pending.set(key, started);
  return started.finally(() => pending.delete(key));
}

async function renderImage(
  { files: { storage, media } }: Context,
  row: AttachmentRow,
  { request }: ImageLink,
) {
  const webp = row.variants.find(({ name }) => name === 'webp');
  const source = row.sizeBytes > MAX_SOURCE_BYTES && webp ? webp : { ...row, name: 'original' };
  const { sizeBytes, name } = source;
  const open = () => storage.download(storageKey(row.tenantId, row.id, name));
  const owner = { owner: row.tenantId };
  return (await media.transformImage({ sizeBytes, open }, toTransform(request), owner)).bytes;
}
