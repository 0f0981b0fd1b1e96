import type { Context } from '@insightdesk/shared/context';
import {
  ForbiddenError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';
import type { SignedWrite } from '@insightdesk/shared/storage';
import type { Http } from '../route.ts';

/** Stores the body where a signed address says: of the type and no more than was signed. */
export async function receiveSigned(http: Http, { fileUrls, storage }: Context): Promise<Response> {
  const { method, url, raw } = http.req;
  const access = await fileUrls.verify({ method, url });
  if (access.method !== 'PUT') throw new ForbiddenError();
  const { key, contentType } = access;
  requireAsSigned(raw.headers, access);
  const maxBytes = access.sizeBytes ?? access.maxBytes;
  const stored = await storage.upload(key, raw.body ?? new Uint8Array(), {
    contentType,
    signal: raw.signal,
    ...(maxBytes !== undefined && { maxBytes }),
  });
  return http.json(stored, 200);
}

/** Tells what is wrong before a byte is read. */
function requireAsSigned(headers: Headers, { contentType, sizeBytes, maxBytes }: SignedWrite) {
  if (headers.get('Content-Type')?.trim().toLowerCase() !== contentType.toLowerCase()) {
    throw new UnsupportedMediaTypeError(`Send it with the Content-Type that was signed`);
  }
  const announced = headers.get('Content-Length');
  const most = sizeBytes ?? maxBytes;
  if (announced !== null && most !== undefined && Number(announced) > most) {
    throw new PayloadTooLargeError(`The file may have ${most} bytes at most`);
  }
  if (sizeBytes !== undefined && Number(announced ?? Number.NaN) !== sizeBytes) {
    throw new ServiceError(`Send exactly ${sizeBytes} bytes, with their Content-Length`, {
      code: 'CONTENT_LENGTH_MISMATCH',
      status: 400,
    });
  }
}
