import { expect, test } from 'bun:test';
import type { ServerSocket } from '../connection/services.ts';
import { readToken } from './read-token.ts';

const cookie = '__Host-desk-access=from-cookie';
const origin = 'https://desk.example';
const socketOf = (auth: object, headers: object) =>
  ({ handshake: { auth, headers } }) as unknown as ServerSocket;

test.each([
  [{ token: 'from-auth' }, { cookie, origin }, 'from-auth'],
  [{}, { cookie, origin }, 'from-cookie'],
])('readToken: auth %j with the headers %j is the token %s', (auth, headers, token) => {
  const socket = socketOf(auth, headers);
  expect(readToken(socket, [origin])).toBe(token);
  expect(socket.handshake).toEqual({ auth: {}, headers: { origin } } as never);
});

test.each([
  ['a cookie from another origin', {}, { cookie, origin: 'https://evil.example' }],
  ['a cookie without an origin', {}, { cookie }],
  ['an origin without a cookie', {}, { origin }],
  ['an empty token', { token: '' }, { cookie, origin }],
  ['a token that is not a string', { token: { $ne: 1 } }, {}],
  ['a token that is too long', { token: 'x'.repeat(9_000) }, {}],
])('readToken: %s is refused', (_, auth, headers) => {
  expect(() => readToken(socketOf(auth, headers), [origin])).toThrow('Connect with auth');
});
