import { toProblem } from '@insightdesk/shared/errors';
import { contentDisposition } from '@insightdesk/shared/utils';
import type { StorageProvider } from '../storage-provider.ts';
import type { UrlSigner } from '../url-signer.ts';

/** Serves signed URLs of the local and memory providers, like the API. */
export async function serveSignedUrl(
  storage: StorageProvider,
  signer: UrlSigner,
  request: Request,
) {
  try {
    const access = await signer.verify(request);
    if (access.method === 'PUT') {
      const { contentType, sizeBytes, maxBytes } = access;
      const body = await request.bytes();
      const hasSignedType = request.headers.get('Content-Type') === contentType;
      if (!hasSignedType || (sizeBytes ?? body.length) !== body.length)
        return new Response('', { status: 403 });
      const limit = maxBytes === undefined ? {} : { maxBytes };
      await storage.upload(access.key, body, { contentType, ...limit });
      return new Response();
    }
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('Range') ?? '') ?? [];
    const range = { start: Number(start), end: Number(end) };
    const stored = await storage.metadata(access.key);
    return new Response(await storage.download(access.key, start ? { range } : {}), {
      status: start ? 206 : 200,
      headers: {
        'Content-Type': access.contentType ?? stored?.contentType ?? '',
        'Content-Disposition': contentDisposition(access.fileName, access.inline),
      },
    });
  } catch (error) {
    return new Response('', { status: toProblem(error, { requestId: '' }).status });
  }
}
