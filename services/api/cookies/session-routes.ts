import { readCookie, requireOwnPage, sessionCookies } from '@insightdesk/shared/http';
import type { Call, Route } from '../route.ts';
import { intoCookies, setCookie, wantsCookies } from './session-cookies.ts';

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
    return intoCookies(call, (await answer.json()) as Parameters<typeof intoCookies>[1]);
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

const hasCookies = ({ http }: Call) =>
  http.req.header('Authorization') === undefined &&
  readCookie(http.req.header('Cookie'), sessionCookies.access) !== undefined;
