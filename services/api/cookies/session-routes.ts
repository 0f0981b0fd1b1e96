import { refresh } from '@insightdesk/shared/domain/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { readCookie, requireOwnPage, SESSION_MODE, sessionCookies } from '@insightdesk/shared/http';
import { z } from 'zod';
import { type Call, type Http, json, perform, type Route, readBody } from '../route.ts';

interface Pair {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

const wantsCookies = ({ http }: Call) => http.req.header(SESSION_MODE) === 'cookie';

/**
 * A row that answers with a pair of tokens: for a browser that asks for cookies by `X-Session-Mode:
 * cookie` they are set as such, where no script reads them, and the answer is 204.
 */
export const signsIn = (row: Route): Route => ({
  ...row,
  answers: { ...row.answers, 204: undefined },
  async handle(call) {
    if (!wantsCookies(call)) return row.handle(call);
    requireOwnPage(call.http, call.ctx.settings.origins);
    const answer = await row.handle(call);
    return intoCookies(call, (await answer.json()) as Pair);
  },
});

/** A row that ends the session of the call: its cookies too. */
export const signsOut = (row: Route): Route => ({
  ...row,
  handle(call) {
    if (hasCookies(call)) {
      for (const name of Object.values(sessionCookies)) setCookie(call.http, name, '', 0);
    }
    return row.handle(call);
  },
});

/** Swaps the refresh token in the body, or the one in its cookie. */
export const refreshRoute: Route = {
  method: 'POST',
  path: '/v1/auth/refresh',
  summary: refresh.summary,
  allow: refresh.allow,
  input: z.strictObject({
    refreshToken: z.string().max(1000).optional().describe('Left out where it is in a cookie'),
  }),
  answers: { 200: refresh.output, 204: undefined },
  async handle(call) {
    const given = await readBody(call);
    if (!wantsCookies(call)) return json(call.http, await perform(refresh, call, given), 200);
    requireOwnPage(call.http, call.ctx.settings.origins);
    if (Object.keys(given).length > 0) throw besideCookie(given);
    const refreshToken = readCookie(call.http.req.header('Cookie'), sessionCookies.refresh) ?? '';
    return intoCookies(call, await perform(refresh, call, { refreshToken }));
  },
};

const hasCookies = ({ http }: Call) =>
  http.req.header('Authorization') === undefined &&
  readCookie(http.req.header('Cookie'), sessionCookies.access) !== undefined;

function besideCookie(given: object) {
  const errors = Object.keys(given).map((path) => ({ path, message: 'The token is in a cookie' }));
  return new DomainValidationError(undefined, { errors });
}

function intoCookies({ http, ctx }: Call, { accessToken, refreshToken, expiresIn }: Pair) {
  setCookie(http, sessionCookies.access, accessToken, expiresIn);
  setCookie(http, sessionCookies.refresh, refreshToken, ctx.settings.refreshTtlSeconds);
  return http.body(null, 204);
}

function setCookie(http: Http, name: string, value: string, maxAgeSeconds: number): void {
  const rules = `Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Strict`;
  http.header('Set-Cookie', `${name}=${value}; ${rules}`, { append: true });
}
