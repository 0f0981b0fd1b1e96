import type { Context } from '@insightdesk/shared/context';
import {
  DomainNotFoundError,
  ForbiddenError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';
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

/** A request that uploads a file to a signed URL. */
interface SignedUploadRequest {
  method: string;
  url: string;
  contentType: string | null;
  /** The Content-Length header; null without one. */
  contentLength: number | null;
  body: ReadableStream<Uint8Array> | null;
  signal: AbortSignal;
}

/**
 * Stores the body under the key of a signed URL. Throws ForbiddenError for an invalid or expired
 * URL, 415 for another content type, 413 above the signed limit, 400 for another than the signed size.
 */
export async function storeSignedFile(
  { files: { urls, storage } }: Context,
  { method, url, contentType, contentLength, body, signal }: SignedUploadRequest,
): Promise<{ sizeBytes: number; sha256: string }> {
  const access = await urls.verify({ method, url });
  if (access.method !== 'PUT') throw new ForbiddenError();
  const { sizeBytes, maxBytes = sizeBytes } = access;
  if (contentType?.trim().toLowerCase() !== access.contentType.toLowerCase()) {
    throw new UnsupportedMediaTypeError('The Content-Type differs from the signed one');
  }
  if (maxBytes !== undefined && contentLength !== null && contentLength > maxBytes) {
    throw new PayloadTooLargeError(`The file exceeds the limit of ${maxBytes} bytes`);
  }
  if (sizeBytes !== undefined && contentLength !== sizeBytes) {
    throw new ServiceError(`Content-Length must be ${sizeBytes}`, {
      code: 'CONTENT_LENGTH_MISMATCH',
      status: 400,
    });
  }
  return storage.upload(access.key, body ?? new Uint8Array(), {
    contentType: access.contentType,
    signal,
    ...(maxBytes !== undefined && { maxBytes }),
  });
}
