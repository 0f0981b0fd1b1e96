import { refreshTokens } from '@insightdesk/shared/domain/identity/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import {
  checkCsrf,
  readCookie,
  SESSION_MODE_HEADER,
  sessionCookies,
} from '@insightdesk/shared/http';
import { z } from 'zod';
import { jsonResponse, respondIdempotently } from '../idempotent-response.ts';
import { type Call, describeAction, type Http, type Route, readBody, runAction } from '../route.ts';

/**
 * A route that responds with tokens. With `X-Session-Mode: cookie` they are set as HttpOnly cookies
 * instead, and the response is 204.
 */
export const setsSessionCookies = (route: Route): Route => ({
  ...route,
  responses: { ...route.responses, 204: undefined },
  async handle(call) {
    if (!wantsCookies(call)) return route.handle(call);
    const { http, ctx } = call;
    checkCsrf(http, ctx.settings.origins);
    const response = await route.handle(call);
    const pair = (await response.json()) as z.output<typeof refreshTokens.output>;
    setCookie(http, sessionCookies.access, pair.accessToken, pair.expiresIn);
    setCookie(http, sessionCookies.refresh, pair.refreshToken, ctx.settings.refreshTtlSeconds);
    for (const name of ['Content-Type', 'Content-Length']) http.header(name, undefined);
    return http.body(null, 204);
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

/** Exchanges the refresh token of the body or of the cookie. */
export const refreshRoute = setsSessionCookies({
  method: 'POST',
  path: '/v1/auth/refresh',
  ...describeAction(refreshTokens),
  input: z.strictObject({
    refreshToken: z.string().max(1000).optional().describe('Omit when the cookie carries it'),
  }),
  responses: { 200: refreshTokens.output },
  errorStatuses: [401],
  async handle(call) {
    const given = await readBody(call);
    const body = wantsCookies(call) ? { refreshToken: readRefreshToken(call, given) } : given;
    return respondIdempotently(call, {
      body,
      run: (ctx) => runAction(refreshTokens, { ...call, ctx }, body),
      toResponse: (pair) => jsonResponse(pair, 200),
    });
  },
});

/** The token of the cookie; throws 422 when there are fields in the body as well. */
function readRefreshToken({ http }: Call, body: object): string {
  const errors = Object.keys(body).map((path) => ({ path, message: 'The token is in a cookie' }));
  if (errors.length > 0) throw new DomainValidationError(undefined, { errors });
  return readCookie(http.req.header('Cookie'), sessionCookies.refresh) ?? '';
}

/** The client asks for its session in cookies. */
const wantsCookies = ({ http }: Call) => http.req.header(SESSION_MODE_HEADER) === 'cookie';

const hasCookies = ({ http }: Call) =>
  http.req.header('Authorization') === undefined &&
  readCookie(http.req.header('Cookie'), sessionCookies.access) !== undefined;

/** SameSite=Strict: requests from other sites do not carry the cookie. */
function setCookie(http: Http, name: string, value: string, maxAgeSeconds: number): void {
  const rules = `Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Strict`;
  http.header('Set-Cookie', `${name}=${value}; ${rules}`, { append: true });
}
