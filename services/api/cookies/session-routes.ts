import {
  checkCsrf,
  readCookie,
  SESSION_MODE_HEADER,
  sessionCookies,
} from '@insightdesk/shared/http';
import type { Call, Http, Route } from '../route.ts';

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

interface TokenPair {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

/** The client asks for its session in cookies. */
export const wantsCookies = ({ http }: Call) => http.req.header(SESSION_MODE_HEADER) === 'cookie';

/** 204 with both tokens in cookies. */
export function respondWithCookies(
  { http, ctx }: Call,
  { accessToken, refreshToken, expiresIn }: TokenPair,
) {
  setCookie(http, sessionCookies.access, accessToken, expiresIn);
  setCookie(http, sessionCookies.refresh, refreshToken, ctx.settings.refreshTtlSeconds);
  for (const name of ['Content-Type', 'Content-Length']) http.header(name, undefined);
  return http.body(null, 204);
}

/** SameSite=Strict: requests from other sites do not carry the cookie. */
export function setCookie(http: Http, name: string, value: string, maxAgeSeconds: number): void {
  const rules = `Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Strict`;
  http.header('Set-Cookie', `${name}=${value}; ${rules}`, { append: true });
}
