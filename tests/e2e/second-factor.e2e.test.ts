import { expect, test } from 'bun:test';
import { Secret, TOTP } from 'otpauth';
import { until } from '../../shared/testing/until.ts';
import { call, inviteMember, listen, type Person, password, registerOwner } from './client.ts';

/** Sets an authenticator app up; gives its later codes. */
async function setUp({ token }: Person) {
  const begun = await call('POST', '/v1/auth/two-factor', { token, body: { password } });
  const totp = new TOTP({ secret: Secret.fromBase32(begun.body.secret) });
  const body = { code: totp.generate() };
  const confirmed = await call('POST', '/v1/auth/two-factor/confirm', { token, body });
  expect(confirmed.status).toBe(200);
  return confirmed.body.recoveryCodes as string[];
}

/** The error of a refused socket. */
const refusalOf = (token: string) =>
  listen(token).then(
    (listener) => listener.close(),
    (error) => (error as { data?: { code: string } }).data?.code,
  );

test('required two-factor authentication applies on every replica, also to open sockets', async () => {
  const owner = await registerOwner();
  const agent = await inviteMember(owner, 'agent', 'Ada Agent');
  await setUp(owner);
  const own = await listen(owner.token, { replica: '1' });
  const theirs = await Promise.all(['1', '2'].map((replica) => listen(agent.token, { replica })));
  const codes: string[] = [];
  for (const { socket } of theirs) socket.on('closing', ({ code }) => codes.push(code));
  const required = await call('PATCH', '/v1/organization', {
    token: owner.token,
    body: { requireTwoFactor: true },
  });
  expect(required.status).toBe(200);
  await until(() =>
    Promise.resolve(codes.length === 2 && theirs.every((one) => !one.socket.connected)),
  );
  expect(codes).toEqual(['ACCESS_CHANGED', 'ACCESS_CHANGED']);
  expect(await refusalOf(agent.token)).toBe('TWO_FACTOR_SETUP_REQUIRED');
  for (let asked = 0; asked < 4; asked++) {
    const answer = await call('GET', '/v1/me', { token: agent.token });
    expect([answer.status, answer.body.code]).toEqual([403, 'TWO_FACTOR_SETUP_REQUIRED']);
  }
  expect(own.socket.connected).toBe(true);
  await setUp(agent);
  (await listen(agent.token)).close();
  expect((await call('GET', '/v1/me', { token: agent.token })).status).toBe(200);
  own.close();
});

test('a TOTP code is accepted once across replicas', async () => {
  const owner = await registerOwner();
  const [code] = await setUp(owner);
  const body = { email: owner.email, password, code };
  const all = await Promise.all(
    Array.from({ length: 4 }, () => call('POST', '/v1/auth/login', { body })),
  );
  expect(all.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
});
