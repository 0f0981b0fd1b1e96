import { refresh } from '@insightdesk/shared/domain/identity/users';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { readCookie, requireOwnPage, sessionCookies } from '@insightdesk/shared/http';
import { z } from 'zod';
import { answerOnce, toJson } from '../idempotent-response.ts';
import { type Call, perform, type Route, readBody } from '../route.ts';
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
    if (!wantsCookies(call)) return swap(call, given);
    requireOwnPage(call.http, call.ctx.settings.origins);
    if (Object.keys(given).length > 0) throw besideCookie(given);
    const refreshToken = readCookie(call.http.req.header('Cookie'), sessionCookies.refresh) ?? '';
    const answer = await swap(call, { refreshToken });
    return intoCookies(call, (await answer.json()) as Parameters<typeof intoCookies>[1]);
  },
};

const swap = (call: Call, body: Record<string, unknown>) =>
  answerOnce(call, {
    body,
    act: (ctx) => perform(refresh, { ...call, ctx }, body),
    toAnswer: (pair) => toJson(pair, 200),
  });

function besideCookie(given: object) {
  const errors = Object.keys(given).map((path) => ({ path, message: 'The token is in a cookie' }));
  return new DomainValidationError(undefined, { errors });
}
