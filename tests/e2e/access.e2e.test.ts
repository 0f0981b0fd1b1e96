import { beforeAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, type Listener, listen, type Person } from './client.ts';

let owner: Person;
let agent: Person;
let customer: Person;
beforeAll(async () => {
  ({ owner, agent, customer } = await createOrganization());
});

const REPLICAS = ['1', '2'];

/** Asks until nginx has sent several to each API: all answer with this status. */
async function everywhere(token: string, status: number, path = '/v1/conversations') {
  const answers = await Promise.all(Array.from({ length: 8 }, () => call('GET', path, { token })));
  expect(answers.map((one) => one.status)).toEqual(Array(8).fill(status));
  return answers[0]?.body;
}

async function onBoth(token: string) {
  const listeners = await Promise.all(REPLICAS.map((replica) => listen(token, { replica })));
  const reasons: string[] = [];
  for (const { socket } of listeners) socket.on('closing', ({ code }) => reasons.push(code));
  return { listeners, reasons };
}

async function closed(listeners: Listener[]) {
  const since = performance.now();
  await until(() => listeners.every(({ socket }) => !socket.connected));
  console.log('sockets closed after ms', Math.round(performance.now() - since));
}

test('an API key works on HTTP and sockets of every replica until it is rotated or revoked', async () => {
  const made = await call('POST', '/v1/api-keys', {
    token: owner.token,
    body: {
      name: 'Wall board',
      permissions: ['channels:subscribe', 'members:read', 'conversations:read'],
    },
  });
  expect(made.status).toBe(201);
  const { id, secret } = made.body;
  await everywhere(secret, 200);
  await everywhere(secret, 403, '/v1/webhooks');
  const first = await onBoth(secret);
  const channel = `private-organization-${owner.organizationId}`;
  for (const listener of first.listeners) {
    expect(await listener.subscribe(channel)).toMatchObject({ ok: true });
  }
  const body = { subject: 'For the board', body: 'Hello' };
  expect((await call('POST', '/v1/conversations', { token: customer.token, body })).status).toBe(
    201,
  );
  await until(() =>
    first.listeners.every(({ events }) => events.some(({ data }) => data.subject === body.subject)),
  );

  const rotate = (overlapHours: number) =>
    call('POST', `/v1/api-keys/${id}/rotate`, { token: owner.token, body: { overlapHours } });
  const soon = await rotate(5 / 3600);
  expect(soon.status).toBe(200);
  await everywhere(secret, 200);
  await everywhere(soon.body.secret, 200);
  const second = await onBoth(soon.body.secret);
  // The overlap of five seconds ends by itself, on sockets as well.
  await until(() => first.listeners.every(({ socket }) => !socket.connected));
  expect(first.reasons).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
  await everywhere(secret, 401);
  await everywhere(soon.body.secret, 200);
  expect(second.reasons).toEqual([]);

  expect((await call('DELETE', `/v1/api-keys/${id}`, { token: owner.token })).status).toBe(204);
  await everywhere(soon.body.secret, 401);
  await closed(second.listeners);
  expect(second.reasons).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
});

test('a change of a custom role applies to its members on every replica', async () => {
  const permissions = ['members:read', 'conversations:read', 'channels:subscribe'];
  const made = await call('POST', '/v1/roles', {
    token: owner.token,
    body: { name: 'Readers', base: 'agent', permissions },
  });
  expect(made.status).toBe(201);
  const before = await onBoth(agent.token);
  const assigned = await call('PATCH', `/v1/members/${agent.id}`, {
    token: owner.token,
    body: { role: 'agent', roleId: made.body.id },
  });
  expect(assigned.status).toBe(200);
  expect(await everywhere(agent.token, 401)).toMatchObject({ code: 'ACCESS_CHANGED' });
  await closed(before.listeners);
  expect(before.reasons).toEqual(['ACCESS_CHANGED', 'ACCESS_CHANGED']);

  const refresh = async (refreshToken: string) =>
    (await call('POST', '/v1/auth/refresh', { body: { refreshToken } })).body;
  const fresh = await refresh(agent.refreshToken);
  expect(await everywhere(fresh.accessToken, 200, '/v1/me')).toMatchObject({
    permissions: [
      'account:read',
      'account:manage',
      'channels:subscribe',
      'conversations:read',
      'members:read',
    ],
  });
  const narrowed = await onBoth(fresh.accessToken);
  const body = { permissions: ['members:read'] };
  const path = `/v1/roles/${made.body.id}`;
  expect((await call('PATCH', path, { token: owner.token, body })).status).toBe(200);
  await everywhere(fresh.accessToken, 401, '/v1/me');
  await closed(narrowed.listeners);
  const next = await refresh(fresh.refreshToken);
  await everywhere(next.accessToken, 403);
  await everywhere(next.accessToken, 200, '/v1/members');
});
