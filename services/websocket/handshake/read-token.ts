import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { isAllowedOrigin, readCookie, sessionCookies } from '@insightdesk/shared/http';
import type { ServerSocket } from '../connection/services.ts';

const MAX_TOKEN_LENGTH = 8_192;

/**
 * The token of a socket: `auth: { token }`, or the session cookie of a browser on an allowed page.
 * Browsers also send cookies with sockets that another site's page opens, so the origin is checked.
 */
export function readToken({ handshake }: ServerSocket, origins: readonly string[]): string {
  const { auth, headers } = handshake;
  const token: unknown = auth.token ?? fromCookie(headers, origins);
  // Socket.IO would keep the secrets in memory.
  handshake.auth = {};
  delete headers.cookie;
  if (typeof token !== 'string' || token.length === 0 || token.length > MAX_TOKEN_LENGTH) {
    throw new UnauthenticatedError('Connect with auth: { token }');
  }
  return token;
}

function fromCookie(headers: ServerSocket['handshake']['headers'], origins: readonly string[]) {
  const from = { origin: headers.origin, fetchSite: headers['sec-fetch-site']?.toString() };
  if (!isAllowedOrigin(origins, from)) return undefined;
  return readCookie(headers.cookie, sessionCookies.access);
}
