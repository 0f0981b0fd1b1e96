import type { Context } from '@insightdesk/shared/context';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { LinkedFile } from './stored-file.ts';

/**
 * Opens the stored file of a signed URL, with the name and type that were signed. Throws
 * ForbiddenError for an invalid or expired URL, 404 when the file does not exist.
 */
export async function openSignedFile(
  { files: { urls, storage } }: Context,
  request: { method: string; url: string },
): Promise<LinkedFile> {
  const access = await urls.verify(request);
  const found = access.method === 'GET' && (await storage.metadata(access.key));
  if (!found) throw new DomainNotFoundError('File not found', { code: 'FILE_NOT_FOUND' });
  const { key, fileName, contentType, inline = false } = access;
  const { sizeBytes, modifiedAt } = found;
  const expires = Number(new URL(request.url).searchParams.get('expires'));
  return {
    name: fileName ?? key.slice(key.lastIndexOf('/') + 1),
    contentType: contentType ?? found.contentType,
    sizeBytes,
    modifiedAt,
    etag: `"${sizeBytes.toString(36)}-${modifiedAt.getTime().toString(36)}"`,
    isDownload: !inline,
    expiresAt: new Date(expires * 1000),
    stream: (range) => storage.download(key, range && { range }),
  };
}
