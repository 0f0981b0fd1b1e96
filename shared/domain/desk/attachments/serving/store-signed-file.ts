import type { Context } from '@insightdesk/shared/context';
import {
  ForbiddenError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';

/** A request that uploads a file to a signed URL. */
export interface SignedUploadRequest {
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
