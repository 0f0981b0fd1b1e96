import {
  type ImagesInWork,
  openFilm,
  openImage,
  openSigned,
  storeSigned,
} from '@insightdesk/shared/domain/desk/attachments';
import { createFairLine } from '@insightdesk/shared/promises';
import { type Handler, Hono, type MiddlewareHandler } from 'hono';
import type { AppOptions } from '../app.ts';
import { type ApiEnv, callContext } from '../caller.ts';
import { sendFile } from './send-file.ts';
import { untilThen } from './cache-until.ts';

/** Below it nobody is looked at, only signatures: neither cookies nor `Authorization`. */
export const FILES = '/files/';

/** Of one organisation and process; the next is asked to come again. */
const MOST_WAITING = 8;

type FilesOptions = Pick<AppOptions, 'context'> & {
  /** Pictures made at a time. */
  concurrency?: number | undefined;
};

/** What is served to whoever has a signed address. */
export function createFiles({ context, concurrency = 1 }: FilesOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const line = createFairLine({ concurrency, mostWaiting: MOST_WAITING });
  const inWork: ImagesInWork = new Map();
  const contextOf = (http: Parameters<Handler<ApiEnv>>[0]) => context(callContext(http));

  app.use(`${FILES}*`, forOtherPages);
  app.get(`${FILES}signed/:key{.+}`, async (http) => {
    const file = await openSigned(contextOf(http), http.req);
    return sendFile(http, file, untilThen(file.expiresAt));
  });
  app.put(`${FILES}signed/:key{.+}`, async (http) => {
    const { method, url, headers, body, signal } = http.req.raw;
    const announced = headers.get('Content-Length');
    const arrival = {
      method,
      url,
      body,
      signal,
      contentType: headers.get('Content-Type'),
      announcedBytes: announced === null ? null : Number(announced),
    };
    return http.json(await storeSigned(contextOf(http), arrival), 200);
  });
  app.get(`${FILES}images/:id`, async (http) => {
    const asked = { id: http.req.param('id'), query: new URL(http.req.url).searchParams };
    const image = await openImage(contextOf(http), asked, { line, inWork });
    return sendFile(http, image, untilThen(image.expiresAt));
  });
  app.get(`${FILES}films/:id/:file`, async (http) => {
    const asked = { ...http.req.param(), query: new URL(http.req.url).searchParams };
    const opened = await openFilm(contextOf(http), asked);
    if (!('location' in opened)) return sendFile(http, opened, untilThen(opened.expiresAt));
    http.header('Cache-Control', 'no-store');
    return http.redirect(opened.location, 307);
  });
  return app;
}

/** Pages of other origins may show what is here; the address is what lets them. */
const forOtherPages: MiddlewareHandler = (c, next) => {
  c.header('Cross-Origin-Resource-Policy', 'cross-origin');
  c.header('X-Robots-Tag', 'noindex');
  return next();
};
