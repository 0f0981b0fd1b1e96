import { refreshTokens } from '@insightdesk/shared/domain/identity/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { checkCsrf, readCookie, sessionCookies } from '@insightdesk/shared/http';
import { z } from 'zod';
import { jsonResponse, respondIdempotently } from '../idempotent-response.ts';
import { type Call, type Route, readBody, runAction } from '../route.ts';
import { respondWithCookies, wantsCookies } from './session-routes.ts';

/** Exchanges the refresh token of the body or of the cookie. */
export const refreshRoute: Route = {
  method: 'POST',
  path: '/v1/auth/refresh',
  summary: refreshTokens.summary,
  allow: refreshTokens.allow,
  input: z.strictObject({
    refreshToken: z.string().max(1000).optional().describe('Omit when the cookie carries it'),
  }),
  responses: { 200: refreshTokens.output, 204: undefined },
  async handle(call) {
    const body = await readBody(call);
    if (!wantsCookies(call)) return refreshSession(call, body);
    checkCsrf(call.http, call.ctx.settings.origins);
    if (Object.keys(body).length > 0) throw tokenInBodyAndCookie(body);
    const refreshToken = readCookie(call.http.req.header('Cookie'), sessionCookies.refresh) ?? '';
    const response = await refreshSession(call, { refreshToken });
    return respondWithCookies(
      call,
      (await response.json()) as Parameters<typeof respondWithCookies>[1],
    );
  },
};

const refreshSession = (call: Call, body: Record<string, unknown>) =>
  respondIdempotently(call, {
    body,
    run: (ctx) => runAction(refreshTokens, { ...call, ctx }, body),
    toResponse: (pair) => jsonResponse(pair, 200),
  });

function tokenInBodyAndCookie(body: object) {
  const errors = Object.keys(body).map((path) => ({ path, message: 'The token is in a cookie' }));
  return new DomainValidationError(undefined, { errors });
}
