import {
  openLinkedImage,
  openLinkedVideo,
  openSignedFile,
  type PendingImages,
  storeSignedFile,
} from '@insightdesk/shared/domain/desk/attachments';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { createFairQueue } from '@insightdesk/shared/promises';
import { type Handler, Hono, type MiddlewareHandler } from 'hono';
import type { AppOptions } from '../app.ts';
import { type ApiEnv, callContext } from '../caller.ts';
import { sendFile } from './send-file.ts';

/** Requests below it are authorized by the signature of the URL, not by cookies or `Authorization`. */
const FILES_PATH = '/files/';

/** Waiting image requests per organization and process; further ones are 503. */
const MAX_WAITING = 8;

type FilesOptions = Pick<AppOptions, 'context'> & {
  /** Images rendered at a time. */
  concurrency?: number | undefined;
};

/** Serves files by signed URL. */
export function createFiles({ context, concurrency = 1 }: FilesOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const queue = createFairQueue({ concurrency, maxWaiting: MAX_WAITING });
  const pending: PendingImages = new Map();
  const contextOf = (http: Parameters<Handler<ApiEnv>>[0]) => context(callContext(http));

  app.use(`${FILES_PATH}*`, allowCrossOriginUse);
  app.get(`${FILES_PATH}signed/:key{.+}`, async (http) => {
    const file = await openSignedFile(contextOf(http), http.req);
    return sendFile(http, file, cacheUntil(file.expiresAt));
  });
  app.put(`${FILES_PATH}signed/:key{.+}`, async (http) => {
    const { method, url, headers, body, signal } = http.req.raw;
    const contentLength = headers.get('Content-Length');
    const upload = {
      method,
      url,
      body,
      signal,
      contentType: headers.get('Content-Type'),
      contentLength: contentLength === null ? null : Number(contentLength),
    };
    return http.json(await storeSignedFile(contextOf(http), upload), 200);
  });
  app.get(`${FILES_PATH}images/:id`, async (http) => {
    const request = { id: http.req.param('id'), query: new URL(http.req.url).searchParams };
    const image = await openLinkedImage(contextOf(http), request, { queue, pending });
    return sendFile(http, image, cacheUntil(image.expiresAt));
  });
  app.get(`${FILES_PATH}videos/:id/:file`, async (http) => {
    const request = { ...http.req.param(), query: new URL(http.req.url).searchParams };
    const video = await openLinkedVideo(contextOf(http), request);
    if (!('location' in video)) return sendFile(http, video, cacheUntil(video.expiresAt));
    http.header('Cache-Control', 'no-store');
    return http.redirect(video.location, 307);
  });
  return app;
}

/** Pages of other origins may embed files: the signed URL is the authorization. */
const allowCrossOriginUse: MiddlewareHandler = (c, next) => {
  c.header('Cross-Origin-Resource-Policy', 'cross-origin');
  c.header('X-Robots-Tag', 'noindex');
  return next();
};

/** Browsers may cache a file until its signed URL expires. */
function cacheUntil(expiresAt: Date) {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  return { cacheControl: `private, max-age=${seconds}, no-transform` };
}

/**
 * When files have their own host, that host serves files only and no other host serves them, so
 * that a script in a file runs in another origin than the sessions.
 */
export function isolateFilesHost(http: { publicUrl: string; filesUrl: string }): MiddlewareHandler {
  const filesHost = new URL(http.filesUrl).host;
  const isSeparate = filesHost !== new URL(http.publicUrl).host;
  return (c, next) => {
    const isFilePath = c.req.path.startsWith(FILES_PATH);
    if (isSeparate && isFilePath !== (c.req.header('Host')?.toLowerCase() === filesHost)) {
      throw new DomainNotFoundError();
    }
    return next();
  };
}
