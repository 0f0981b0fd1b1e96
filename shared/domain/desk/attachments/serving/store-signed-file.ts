import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import {
  ForbiddenError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';
import type { SignedAccess } from '@insightdesk/shared/storage';
import { AttachmentErrors } from '../errors.ts';
import { parseStagedKey } from '../storage-key.ts';
import { uploads } from '../tables.ts';

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

type SignedWrite = Extract<SignedAccess, { method: 'PUT' }>;

/** Keys that this process is storing: the bytes of an upload are reserved once. */
const storing = new Set<string>();

/**
 * Stores the body under the key of a signed URL. Throws ForbiddenError for an invalid or expired
 * URL, 415 for another content type, 413 above the signed limit, 400 for another than the signed
 * size, 410 before the first byte is read when the upload has ended, 409 while another request stores
 * the same file.
 */
export async function storeSignedFile(
  ctx: Context,
  { method, url, contentType, contentLength, body, signal }: SignedUploadRequest,
): Promise<{ sizeBytes: number; sha256: string }> {
  const { urls, storage } = ctx.files;
  const access = await urls.verify({ method, url });
  if (access.method !== 'PUT') throw new ForbiddenError();
  const maxBytes = requireSigned(access, { contentType, contentLength });
  const { key } = access;
  if ((await findUpload(ctx, key)) !== 'open') throw AttachmentErrors.Ended();
  if (storing.has(key)) throw AttachmentErrors.InProgress();
  storing.add(key);
  try {
    const stored = await storage.upload(key, body ?? new Uint8Array(), {
      contentType: access.contentType,
      signal,
      ...(maxBytes !== undefined && { maxBytes }),
    });
    // Deleted meanwhile: its files may have been deleted before this one was stored.
    if ((await findUpload(ctx, key)) === 'missing') {
      await storage.delete(key);
      throw AttachmentErrors.Ended();
    }
    return stored;
  } finally {
    storing.delete(key);
  }
}

/** The maximum size; throws when the headers differ from what was signed. */
function requireSigned(
  { contentType: signedType, sizeBytes, ...signed }: SignedWrite,
  { contentType, contentLength }: Pick<SignedUploadRequest, 'contentType' | 'contentLength'>,
): number | undefined {
  const maxBytes = sizeBytes ?? signed.maxBytes;
  if (contentType?.trim().toLowerCase() !== signedType.toLowerCase()) {
    throw new UnsupportedMediaTypeError('The Content-Type differs from the signed one');
  }
  if (maxBytes !== undefined && Number(contentLength) > maxBytes) {
    throw new PayloadTooLargeError(`The file exceeds the limit of ${maxBytes} bytes`);
  }
  if (sizeBytes !== undefined && contentLength !== sizeBytes) {
    throw new ServiceError(`Content-Length must be ${sizeBytes}`, {
      code: 'CONTENT_LENGTH_MISMATCH',
      status: 400,
    });
  }
  return maxBytes;
}

/** In a write transaction, because a read may be served by a replica that lags. */
async function findUpload(ctx: Context, key: string): Promise<'open' | 'ended' | 'missing'> {
  const upload = parseStagedKey(key);
  if (!upload) return 'missing';
  const { tenantId } = upload;
  const system = systemContext(ctx, 'uploads', { tenantId, requestId: ctx.requestId });
  const [row] = await withTenant(system, ({ tx }) =>
    tx.select().from(uploads).where(matches(uploads, upload)),
  );
  if (!row) return 'missing';
  const isOpen = row.kind === 'direct' && !row.completedAt && row.expiresAt.getTime() > Date.now();
  return isOpen ? 'open' : 'ended';
}
