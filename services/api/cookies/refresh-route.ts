import { refresh } from '@insightdesk/shared/domain/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { readCookie, requireOwnPage, sessionCookies } from '@insightdesk/shared/http';
import { z } from 'zod';
import { json, perform, type Route, readBody } from '../route.ts';
import { intoCookies, wantsCookies } from './session-cookies.ts';

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

function besideCookie(given: object) {
  const errors = Object.keys(given).map((path) => ({ path, message: 'The token is in a cookie' }));
  return new DomainValidationError(undefined, { errors });
}
