import type { Context } from '@insightdesk/shared/context';
import { AttachmentErrors } from '../errors.ts';

const HEAD_BYTES = 4100;
const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

const imageTypes: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
};

const processable = new Set(Object.values(imageTypes));

/** Whether files of this type are images that get variants. */
export const needsProcessing = (contentType: string): boolean => processable.has(contentType);

/** Detects the type of a stored file by its bytes; rejects empty, disguised, truncated and huge ones. */
export async function checkContent(
  { files: { storage, media } }: Context,
  key: string,
  { name, sizeBytes }: { name: string; sizeBytes: number },
): Promise<string> {
  if (sizeBytes === 0) throw AttachmentErrors.Empty();
  const end = Math.min(HEAD_BYTES, sizeBytes) - 1;
  const head = await new Response(
    await storage.download(key, { range: { start: 0, end } }),
  ).bytes();
  const detectedType = (await media.detectContentType(head)) ?? 'application/octet-stream';
  const declared = imageTypes[name.split('.').at(-1)?.toLowerCase() ?? ''];
  if (declared && declared !== detectedType) throw AttachmentErrors.Mismatch(declared);
  if (needsProcessing(detectedType)) {
    if (sizeBytes > MAX_IMAGE_BYTES) throw AttachmentErrors.ImageTooLarge(MAX_IMAGE_BYTES);
    await media.checkImage(await storage.download(key), sizeBytes);
  }
  return detectedType;
}
