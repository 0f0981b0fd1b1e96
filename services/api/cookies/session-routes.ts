import { checkCsrf, readCookie, sessionCookies } from '@insightdesk/shared/http';
import type { Call, Route } from '../route.ts';
import { respondWithCookies, setCookie, wantsCookies } from './session-cookies.ts';

/**
 * A route that responds with tokens. With `X-Session-Mode: cookie` they are set as HttpOnly cookies
 * instead, and the response is 204.
 */
export const setsSessionCookies = (route: Route): Route => ({
  ...route,
  responses: { ...route.responses, 204: undefined },
  async handle(call) {
    if (!wantsCookies(call)) return route.handle(call);
    checkCsrf(call.http, call.ctx.settings.origins);
    const response = await route.handle(call);
    return respondWithCookies(
      call,
      (await response.json()) as Parameters<typeof respondWithCookies>[1],
    );
  },
});

/** A route that ends the caller's session: clears its cookies too. */
export const clearsSessionCookies = (route: Route): Route => ({
  ...route,
  handle(call) {
    if (hasCookies(call)) {
      for (const name of Object.values(sessionCookies)) setCookie(call.http, name, '', 0);
    }
    return route.handle(call);
  },
});

const hasCookies = ({ http }: Call) =>
  http.req.header('Authorization') === undefined &&
  readCookie(http.req.header('Cookie'), sessionCookies.access) !== undefined;
