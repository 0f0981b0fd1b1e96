import type { Context } from '@insightdesk/shared/context';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { Http } from '../route.ts';
import { sendFile } from './send-file.ts';
import { untilThen } from './until-then.ts';

/** Streams the stored file that a signed address names, as the address says that it is. */
export async function sendSigned(http: Http, { fileUrls, storage }: Context): Promise<Response> {
  const { method, url } = http.req;
  const access = await fileUrls.verify({ method, url });
  const found = access.method === 'GET' && (await storage.metadata(access.key));
  if (!found) throw new DomainNotFoundError('There is no such file', { code: 'FILE_NOT_FOUND' });
  const { key, fileName, contentType, inline = false } = access;
  const { sizeBytes, modifiedAt } = found;
  const file = {
    name: fileName ?? key.slice(key.lastIndexOf('/') + 1),
    contentType: contentType ?? found.contentType,
    sizeBytes,
    modifiedAt,
    etag: `"${sizeBytes.toString(36)}-${modifiedAt.getTime().toString(36)}"`,
    isForSaving: !inline,
    stream: (range?: { start: number; end: number }) =>
      storage.download(key, range ? { range } : {}),
  };
  const expires = Number(new URL(url).searchParams.get('expires'));
  return sendFile(http, file, untilThen(new Date(expires * 1000)));
}
