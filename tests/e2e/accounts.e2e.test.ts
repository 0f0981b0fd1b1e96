import { afterAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  findEmailedToken,
  inviteMember,
  type Listener,
  listEmails,
  listen,
  type Person,
  password,
  registerOwner,
  verifyEmail,
} from './client.ts';

const sockets: Listener[] = [];
afterAll(() => sockets.map((socket) => socket.close()));

const unique = () => Math.random().toString(36).slice(2, 10);
const status = async (token: string) => (await call('GET', '/v1/me', { token })).status;
const logIn = (email: string, chosen: string, organizationId?: string) =>
  call('POST', '/v1/auth/login', {
    body: { email, password: chosen, ...(organizationId && { organizationId }) },
  });

/** A socket on each replica, and what each was told when it was closed. */
async function listening(token: string) {
  const closings: string[] = [];
  for (const replica of ['1', '2']) {
    const listener = await listen(token, { replica });
    sockets.push(listener);
    listener.socket.on('closing', ({ code }: { code: string }) => closings.push(code));
  }
  return closings;
}

const invite = (owner: Person, email: string, role: string) =>
  call('POST', '/v1/invitations', { token: owner.token, body: { email, role } });
const accept = (token: string, chosen = password) =>
  call('POST', '/v1/invitations/accept', { body: { token, name: 'Guest', password: chosen } });

test('a registration with a foreign address neither locks out its owner nor grants access', async () => {
  const owner = await registerOwner();
  await verifyEmail(owner);
  const email = `victim-${unique()}@example.com`;
  const squat = { email, password: 'the password of a squatter', name: 'Victim' };
  const squatted = await call('POST', '/v1/auth/register', {
    body: { ...squat, organizationName: 'Mine' },
  });
  expect(squatted.status).toBe(201);
  const link = await findEmailedToken(email, 'Confirm your e-mail address');
  const clicked = await call('POST', '/v1/auth/verify-email', { body: { token: link, password } });
  expect([clicked.status, clicked.body.code]).toEqual([403, 'WRONG_PASSWORD']);

  expect((await invite(owner, email, 'agent')).status).toBe(201);
  const joined = await accept(await findEmailedToken(email, 'You are invited'));
  expect([joined.status, joined.body.organization.id]).toEqual([200, owner.organizationId]);
  expect(joined.body.user.id).not.toBe(squatted.body.user.id);
  expect((await logIn(email, squat.password, owner.organizationId)).status).toBe(401);
  const late = await call('POST', '/v1/auth/verify-email', {
    body: { token: link, password: squat.password },
  });
  expect([late.status, late.body.code]).toEqual([409, 'EMAIL_TAKEN']);
});

test('a password reset ends every session and socket of the user in all organizations', async () => {
  const [home, other] = [await registerOwner(), await registerOwner()];
  await Promise.all([verifyEmail(home), verifyEmail(other)]);
  await invite(other, home.email, 'agent');
  const joined = await accept(await findEmailedToken(home.email, 'You are invited'));
  expect(joined.body.user.id).toBe(home.id);
  const closings = [await listening(home.token), await listening(joined.body.accessToken)];

  const unknown = await call('POST', '/v1/auth/password/reset', {
    body: { email: `nobody-${unique()}@example.com` },
  });
  const known = await call('POST', '/v1/auth/password/reset', { body: { email: home.email } });
  expect([known.status, known.body]).toEqual([202, unknown.body]);
  const token = await findEmailedToken(home.email, 'Choose a new password');
  const chosen = 'another good password';
  const confirm = () =>
    call('POST', '/v1/auth/password/reset/confirm', { body: { token, password: chosen } });
  const answers = await Promise.all([confirm(), confirm(), confirm()]);
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([204, 422, 422]);
  expect(await status(home.token)).toBe(401);
  expect(await status(joined.body.accessToken)).toBe(401);
  const refreshed = await call('POST', '/v1/auth/refresh', {
    body: { refreshToken: home.refreshToken },
  });
  expect(refreshed.status).toBe(401);
  await until(() => closings.every((codes) => codes.length === 2));
  expect(closings.flat()).toEqual(Array(4).fill('SESSION_ENDED'));
  expect((await logIn(home.email, password)).status).toBe(401);
  expect((await logIn(home.email, chosen)).status).toBe(200);
  await until(async () =>
    (await listEmails(home.email)).some(({ subject }) => subject === 'Your password was changed'),
  );
});

test('a password change ends all other sessions and their sockets', async () => {
  const person = await registerOwner();
  const second = (await logIn(person.email, password)).body.accessToken;
  const [currentSession, ended] = [await listening(person.token), await listening(second)];
  const changed = await call('POST', '/v1/auth/password', {
    token: person.token,
    body: { currentPassword: password, password: 'another good password' },
  });
  expect(changed.status).toBe(204);
  expect([await status(person.token), await status(second)]).toEqual([200, 401]);
  await until(() => ended.length, { equals: 2 });
  expect([currentSession, ended]).toEqual([[], ['SESSION_ENDED', 'SESSION_ENDED']]);
});

test('an email change takes effect on confirmation, and the previous address is notified twice', async () => {
  const person = await registerOwner();
  await verifyEmail(person);
  const email = `next-${unique()}@example.com`;
  const { token } = person;
  const asked = await call('POST', '/v1/auth/email', { token, body: { password, email } });
  expect(asked.status).toBe(202);
  const link = await findEmailedToken(email, 'Confirm your new e-mail address');
  expect((await logIn(email, password)).status).toBe(401);
  const confirmed = await call('POST', '/v1/auth/verify-email', {
    body: { token: link, password },
  });
  expect(confirmed.body).toMatchObject({ user: { email, emailVerified: true } });
  expect((await logIn(email, password)).status).toBe(200);
  expect((await logIn(person.email, password)).status).toBe(401);
  const wanted = ['Your e-mail address is about to change', 'Your e-mail address was changed'];
  await until(
    async () => {
      const subjects = (await listEmails(person.email)).map(({ subject }) => subject);
      return wanted.every((subject) => subjects.includes(subject));
    },
    { timeoutMs: 20_000 },
  );
});

test('a removed admin cannot return with an invitation to a second address', async () => {
  const owner = await registerOwner();
  const admin = await inviteMember(owner, 'admin', 'Al Admin');
  const second = `second-${unique()}@example.com`;
  expect((await invite(admin, second, 'admin')).status).toBe(201);
  const token = await findEmailedToken(second, 'You are invited');
  const path = `/v1/members/${admin.id}`;
  expect((await call('DELETE', path, { token: owner.token })).status).toBe(204);
  const joined = await accept(token);
  expect([joined.status, joined.body.code]).toEqual([422, 'INVITATION_INVALID']);
  const open = await call('GET', '/v1/invitations', { token: owner.token });
  expect(open.body.items).toEqual([]);
});

test('an unverified owner cannot send emails, and names are shown as quoted text', async () => {
  const owner = await registerOwner('Eve” says: your account is locked');
  const email = `stranger-${unique()}@example.com`;
  const early = await invite(owner, email, 'agent');
  expect([early.status, early.body.code]).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  const toHimself = await call('POST', '/v1/events', {
    token: owner.token,
    body: { name: 'email/send.requested', payload: { to: owner.id, subject: 'S', body: 'B' } },
  });
  expect(toHimself.status).toBe(422);
  const organizationName = 'Log in at https://evil.example';
  const named = await call('POST', '/v1/auth/register', {
    body: { email, password, name: 'Eve', organizationName },
  });
  expect(named.status).toBe(422);
  await verifyEmail(owner);
  expect((await invite(owner, email, 'agent')).status).toBe(201);
  await findEmailedToken(email, 'You are invited');
  const [mail] = await listEmails(email);
  expect(mail?.text).toContain("“Eve' says: your account is locked” invites you to join “Acme ");
});

test('a user switches between organizations', async () => {
  const [home, other] = [await registerOwner(), await registerOwner()];
  await Promise.all([verifyEmail(home), verifyEmail(other)]);
  await invite(other, home.email, 'agent');
  await accept(await findEmailedToken(home.email, 'You are invited'));
  const closings = await listening(home.token);
  const list = await call('GET', '/v1/auth/organizations', { token: home.token });
  const seen = list.body.items.map((item: { organization: { id: string }; role: string }) => [
    item.organization.id,
    item.role,
  ]);
  expect(seen).toEqual([
    [home.organizationId, 'owner'],
    [other.organizationId, 'agent'],
  ]);
  const move = (token: string, organizationId: string) =>
    call('POST', '/v1/auth/switch', { token, body: { organizationId } });
  const there = await move(home.token, other.organizationId);
  expect([there.status, there.body.organization.id]).toEqual([200, other.organizationId]);
  expect(await status(home.token)).toBe(401);
  await until(() => closings.length, { equals: 2 });
  const back = await move(there.body.accessToken, home.organizationId);
  const me = await call('GET', '/v1/me', { token: back.body.accessToken });
  expect([me.body.role, me.body.organization.id]).toEqual(['owner', home.organizationId]);
});
