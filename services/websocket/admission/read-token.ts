import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { comesFrom, readCookie, sessionCookies } from '@insightdesk/shared/http';
import type { ServerSocket } from '../connection/typed-socket.ts';

const MAX_TOKEN_LENGTH = 8_192;

/**
 * What a socket shows at the door: `auth: { token }`, or else the cookie of a browser whose page is
 * allowed to. Cookies also come with sockets that another site's page opens, so its origin decides.
 */
export function readToken({ handshake }: ServerSocket, origins: readonly string[]): string {
  const { auth, headers } = handshake;
  const token: unknown = auth.token ?? fromCookie(headers, origins);
  // Nobody needs their text again, and Socket.IO would keep it.
  handshake.auth = {};
  delete headers.cookie;
  if (typeof token !== 'string' || token.length === 0 || token.length > MAX_TOKEN_LENGTH) {
    throw new UnauthenticatedError('Connect with auth: { token }');
  }
  return token;
}

function fromCookie(headers: ServerSocket['handshake']['headers'], origins: readonly string[]) {
  const from = { origin: headers.origin, fetchSite: headers['sec-fetch-site']?.toString() };
  if (!comesFrom(origins, from)) return undefined;
  return readCookie(headers.cookie, sessionCookies.access);
}
