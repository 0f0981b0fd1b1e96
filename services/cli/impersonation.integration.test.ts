import { expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { call, listen, registerOwner } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['organizations', ...words]);

const how = (minutes = '5') => [
  ...['--operator', 'Otto', '--reason', 'Ticket 7 asks for it', '--minutes', minutes],
];

async function actAs(organizationId: string, userId: string) {
  const { code, output } = await desk('impersonate', organizationId, userId, ...how());
  expect(code).toBe(0);
  const [notifications = '', token = ''] = output.trim().split('\n');
  return { token, sessionId: /session (ses_\w+)$/.exec(notifications)?.[1] ?? '' };
}

test('impersonation is audited and notified, and cannot change credentials', async () => {
  const owner = await registerOwner();
  const { organizationId } = owner;
  const userId = owner.id;
  const { token, sessionId } = await actAs(organizationId, userId);
  expect((await call('GET', '/v1/me', { token })).body.user.id).toBe(userId);
  const opened = await call('POST', '/v1/conversations', {
    token: owner.token,
    body: { subject: 'Hello', body: 'First' },
  });
  const path = `/v1/conversations/${opened.body.id}/messages`;
  expect((await call('POST', path, { token, body: { body: 'Answer' } })).status).toBe(201);

  const memberPath = `/v1/members/${userId}`;
  for (const [method, where, body] of [
    ['POST', '/v1/auth/logout-all', {}],
    ['PATCH', memberPath, { role: 'agent' }],
    ['DELETE', memberPath, undefined],
    ['POST', '/v1/invitations', { email: 'x@example.com', role: 'admin' }],
    ['POST', '/v1/webhooks', { url: 'https://example.com', events: ['*'] }],
    ['PATCH', '/v1/flags', { 'email-staff': false }],
    ['POST', '/v1/organization/export', {}],
    ['POST', '/v1/organization/erasure', { name: 'x', password: 'x' }],
  ] as const) {
    expect((await call(method, where, { token, body })).status, where).toBe(403);
  }
  const refused = await listen(token).catch((error: unknown) => error);
  expect(refused).toMatchObject({ data: { status: 403 } });

  const entries = async (action: string) =>
    (await call('GET', `/v1/audit?action=${action}`, { token: owner.token })).body.items;
  await until(async () => (await entries('message.created')).length, {
    equals: 1,
    timeoutMs: 10_000,
  });
  const [message] = await entries('message.created');
  expect(message.actor).toMatchObject({ kind: 'user', userId, operator: 'Otto' });
  const [started] = await entries('impersonation.started');
  expect(started.details).toMatchObject({
    userId,
    operator: 'Otto',
    reason: 'Ticket 7 asks for it',
  });

  const other = await registerOwner();
  const elsewhere = await desk('end-impersonation', other.organizationId, sessionId);
  expect(elsewhere.code).toBe(1);
  expect(await desk('end-impersonation', organizationId, sessionId)).toMatchObject({ code: 0 });
  expect((await call('GET', '/v1/me', { token })).status).toBe(401);
  await until(async () => (await entries('impersonation.ended')).length, {
    equals: 1,
    timeoutMs: 10_000,
  });
});

test('impersonation requires a reason, at most 60 minutes and a member of the organization', async () => {
  const [owner, other] = [await registerOwner(), await registerOwner()];
  const { organizationId, id: me } = owner;
  const reasonless = ['--operator', 'Otto', '--reason', 'x', '--minutes', '5'];
  expect((await desk('impersonate', organizationId, me, ...reasonless)).code).toBe(1);
  expect((await desk('impersonate', organizationId, me, ...how('61'))).code).toBe(1);
  expect((await desk('impersonate', organizationId, me)).code).toBe(2);
  const otherTenant = await desk('impersonate', other.organizationId, me, ...how());
  expect(otherTenant).toMatchObject({
    code: 1,
    errors: expect.stringContaining('Member not found'),
  });
});
