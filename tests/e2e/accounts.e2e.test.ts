import { afterAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  findEmailedToken,
  type Listener,
  listEmails,
  listen,
  password,
  registerOwner,
  verifyEmail,
} from './client.ts';

const sockets: Listener[] = [];
afterAll(() => sockets.map((socket) => socket.close()));

const status = async (token: string) => (await call('GET', '/v1/me', { token })).status;
const login = async (email: string, chosen: string) =>
  (await call('POST', '/v1/auth/login', { body: { email, password: chosen } })).status;

/** Opens a socket on each replica. Returns the codes of their `closing` events. */
async function openSockets(token: string) {
  const codes: string[] = [];
  for (const replica of ['1', '2']) {
    const listener = await listen(token, { replica });
    sockets.push(listener);
    listener.socket.on('closing', ({ code }: { code: string }) => codes.push(code));
  }
  return codes;
}

test('a password reset by email ends every session and socket of the user in all organizations', async () => {
  const [home, other] = [await registerOwner(), await registerOwner()];
  await Promise.all([verifyEmail(home), verifyEmail(other)]);
  const invitation = { email: home.email, role: 'agent' };
  await call('POST', '/v1/invitations', { token: other.token, body: invitation });
  const invited = { token: await findEmailedToken(home.email, 'You are invited') };
  const joined = await call('POST', '/v1/invitations/accept', {
    body: { ...invited, name: 'Guest', password },
  });
  expect(joined.body.user.id).toBe(home.id);
  const codes = [await openSockets(home.token), await openSockets(joined.body.accessToken)];

  await call('POST', '/v1/auth/password/reset', { body: { email: home.email } });
  const token = await findEmailedToken(home.email, 'Choose a new password');
  const chosen = 'another good password';
  const reset = await call('POST', '/v1/auth/password/reset/confirm', {
    body: { token, password: chosen },
  });
  expect(reset.status).toBe(204);
  expect([await status(home.token), await status(joined.body.accessToken)]).toEqual([401, 401]);
  await until(() => codes.flat().length, { equals: 4 });
  expect(codes.flat()).toEqual(Array(4).fill('SESSION_ENDED'));
  expect([await login(home.email, password), await login(home.email, chosen)]).toEqual([401, 200]);
  await until(async () =>
    (await listEmails(home.email)).some(({ subject }) => subject === 'Your password was changed'),
  );
});
