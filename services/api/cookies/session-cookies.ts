import { SESSION_MODE, sessionCookies } from '@insightdesk/shared/http';
import type { Call, Http } from '../route.ts';

interface Pair {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

/** Whether it comes from a browser that keeps its session in cookies. */
export const wantsCookies = ({ http }: Call) => http.req.header(SESSION_MODE) === 'cookie';

/** The pair as cookies, and nothing else. */
export function intoCookies({ http, ctx }: Call, { accessToken, refreshToken, expiresIn }: Pair) {
  setCookie(http, sessionCookies.access, accessToken, expiresIn);
  setCookie(http, sessionCookies.refresh, refreshToken, ctx.settings.refreshTtlSeconds);
  for (const name of ['Content-Type', 'Content-Length']) http.header(name, undefined);
  return http.body(null, 204);
}

/** Strict: no other site's link or form brings it along. */
export function setCookie(http: Http, name: string, value: string, maxAgeSeconds: number): void {
  const rules = `Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Strict`;
  http.header('Set-Cookie', `${name}=${value}; ${rules}`, { append: true });
}
