import { type ImagesInWork, openImage } from '@insightdesk/shared/domain/attachments';
import { createFairLine } from '@insightdesk/shared/promises';
import { SIGNED_PATH } from '@insightdesk/shared/storage';
import { type Handler, Hono, type MiddlewareHandler } from 'hono';
import type { AppOptions } from '../app.ts';
import { type ApiEnv, callContext } from '../caller.ts';
import { receiveSigned } from './receive-signed.ts';
import { sendFile } from './send-file.ts';
import { sendSigned } from './send-signed.ts';
import { untilThen } from './until-then.ts';

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
  app.get(`${SIGNED_PATH}:key{.+}`, (http) => sendSigned(http, contextOf(http)));
  app.put(`${SIGNED_PATH}:key{.+}`, (http) => receiveSigned(http, contextOf(http)));
  app.get(`${FILES}images/:id`, async (http) => {
    const asked = { id: http.req.param('id'), query: new URL(http.req.url).searchParams };
    const image = await openImage(contextOf(http), asked, { line, inWork });
    return sendFile(http, image, untilThen(image.expiresAt));
  });
  return app;
}

/** Pages of other origins may show what is here; the address is what lets them. */
const forOtherPages: MiddlewareHandler = (c, next) => {
  c.header('Cross-Origin-Resource-Policy', 'cross-origin');
  c.header('X-Robots-Tag', 'noindex');
  return next();
};
