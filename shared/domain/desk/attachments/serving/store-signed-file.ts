import type { Context } from '@insightdesk/shared/context';
import {
  ForbiddenError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';

/** A request to store a file at a signed address. */
export interface SignedUploadRequest {
  method: string;
  url: string;
  contentType: string | null;
  /** As the sender announces it; null when it does not. */
  contentLength: number | null;
  body: ReadableStream<Uint8Array> | null;
  signal: AbortSignal;
}

/**
 * Stores the body where a signed address says. Throws ForbiddenError unless the address is one of
 * ours and of now, 415 for another type, 413 for more than was signed, 400 for not exactly as much.
 */
export async function storeSignedFile(
  { files: { urls: fileUrls, storage } }: Context,
  { method, url, contentType, contentLength, body, signal }: SignedUploadRequest,
): Promise<{ sizeBytes: number; sha256: string }> {
  const access = await fileUrls.verify({ method, url });
  if (access.method !== 'PUT') throw new ForbiddenError();
  const { sizeBytes, maxBytes = sizeBytes } = access;
  if (contentType?.trim().toLowerCase() !== access.contentType.toLowerCase()) {
    throw new UnsupportedMediaTypeError('Send it with the Content-Type that was signed');
  }
  if (maxBytes !== undefined && contentLength !== null && contentLength > maxBytes) {
    throw new PayloadTooLargeError(`The file may have ${maxBytes} bytes at most`);
  }
  if (sizeBytes !== undefined && contentLength !== sizeBytes) {
    throw new ServiceError(`Send exactly ${sizeBytes} bytes, with their Content-Length`, {
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
