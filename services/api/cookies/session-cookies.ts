import { SESSION_MODE_HEADER, sessionCookies } from '@insightdesk/shared/http';
import type { Call, Http } from '../route.ts';

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
