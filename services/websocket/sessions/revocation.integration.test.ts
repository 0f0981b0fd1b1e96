import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, type Permission } from '@insightdesk/shared/contract';
import { createListener } from '@insightdesk/shared/database';
import {
  createApiKey,
  endOverlap,
  revokeApiKey,
  rotateApiKey,
} from '@insightdesk/shared/domain/identity/api-keys';
import { createRole, updateRole } from '@insightdesk/shared/domain/identity/roles';
import {
  findPermissionRestriction,
  logout,
  removeMember,
  updateMember,
} from '@insightdesk/shared/domain/identity/users';
import {
  disableOrganization,
  enableOrganization,
  updateOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import {
  createTestTenant,
  startDatabaseProxy,
  testEnvironment,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { createRecentSessions } from '@insightdesk/shared/utils';
import { channels } from '../channels.ts';
import type { SocketServerOptions } from '../server.ts';
import { call, createTestReplicas } from '../testing/test-replica.ts';
import { createSessionSource, createSessionVerifier } from './session-verifier.ts';

const { context, startReplica, connect, tokenOf, visit, visitWith } = createTestReplicas();
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of closing) await end();
});

/** The clock of the cache of recent sessions. */
const clockMs = 0;
const sessions = createSessionVerifier(
  createSessionSource(context),
  createRecentSessions(() => clockMs),
);
const listenTo =
  (url: string): SocketServerOptions['listen'] =>
  (listener) =>
    createListener(url, listener);
const overrides = { sessions, channels, listen: listenTo(testEnvironment.databaseUrl) };
const start = async (more: Partial<SocketServerOptions> = {}) =>
  [
    await startReplica('websocket-1', { ...overrides, ...more }),
    await startReplica('websocket-2', { ...overrides, ...more }),
  ] as const;

const system = ({ tenantId }: Context): Context => ({
  ...context,
  tenantId,
  actor: { kind: 'system', name: 'test' },
});

const closedWith = (code: string) => [code, 'io server disconnect'];
/** The guarantee is one second; the rest is for a busy machine. */
const MAX_DELAY_MS = 2_000;

type Visitor = Awaited<ReturnType<typeof visit>>;
const isClosed = ({ reasons }: Visitor) => reasons.length === 2;
const untilClosed = (visitors: readonly Visitor[], code: string) =>
  until(() => visitors.every(isClosed), { timeoutMs: MAX_DELAY_MS }).then(() => {
    for (const { reasons } of visitors) expect(reasons).toEqual(closedWith(code));
  });

type Revoke = (owner: Context, member: Context) => Promise<unknown>;
const revocations: [code: string, revoke: Revoke][] = [
  ['SESSION_ENDED', (_owner, member) => logout(member, {})],
  ['SESSION_ENDED', (owner, member) => removeMember(owner, { userId: userIdOf(member) })],
  [
    'ACCESS_CHANGED',
    (owner, member) => updateMember(owner, { userId: userIdOf(member), role: 'customer' }),
  ],
];

test.each([
  ['LISTENs', async () => ({ listen: listenTo(testEnvironment.databaseUrl), cut() {} })],
  ['does not LISTEN', async () => ({ listen: undefined, cut() {} })],
  [
    'lost its LISTEN silently',
    async () => {
      const proxy = await startDatabaseProxy();
      closing.push(proxy.close);
      return { listen: listenTo(proxy.url), cut: proxy.dropTraffic };
    },
  ],
] as const)(
  'a replica that %s closes the sockets of revoked sessions, and no others',
  async (_name, open) => {
    const { listen, cut } = await open();
    const replicas = await start({ listen });
    const { owner, member } = await createTestTenant(context);
    const people = await Promise.all(revocations.map(() => member('agent')));
    const bystander = await member('agent');
    const others = await Promise.all(replicas.map(({ url }) => visit(url, bystander)));
    const affected = await Promise.all(
      people.map((person) => Promise.all(replicas.map(({ url }) => visit(url, person)))),
    );
    cut();
    for (const [index, [code, revoke]] of revocations.entries()) {
      await revoke(owner, people[index] as Context);
      await untilClosed(affected[index] as Visitor[], code);
    }
    await Bun.sleep(100);
    expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
  },
);

test('sockets of a disabled organization are closed on every replica, and no others', async () => {
  const replicas = await start();
  const { owner, member } = await createTestTenant(context);
  const people = [owner, await member('agent'), await member('customer')];
  const visits = people.flatMap((person) => replicas.map(({ url }) => visit(url, person)));
  const affected = await Promise.all(visits);
  const otherTenant = (await createTestTenant(context)).owner;
  const others = await Promise.all(replicas.map(({ url }) => visit(url, otherTenant)));
  await disableOrganization(system(owner));
  await untilClosed(affected, 'ACCESS_CHANGED');
  const { url, server } = replicas[1];
  for (const person of people) {
    const failure = await connect(url, await tokenOf(person)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ data: { status: 403, code: 'ORGANIZATION_DISABLED' } });
  }
  expect(server.rejections().get('ORGANIZATION_DISABLED')).toBe(3);
  expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
  await enableOrganization(system(owner));
  await Promise.all(people.map((person) => visit(url, person)));
});

test('a required second factor closes the sockets of members without one', async () => {
  const [{ url }] = await start();
  const { owner, member } = await createTestTenant(context);
  const agent = await member('agent');
  const affected = await visit(url, agent);
  await updateOrganization(owner, { requireTwoFactor: true });
  await untilClosed([affected], 'ACCESS_CHANGED');
  const failure = await visit(url, agent).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { status: 403, code: 'TWO_FACTOR_SETUP_REQUIRED' } });
});

test('a session that is revoked during the handshake is refused', async () => {
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  let isRevoked = false;
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessions: {
      ...sessions,
      async verify(claims) {
        const generation = await sessions.verify(claims);
        if (isRevoked) return generation;
        isRevoked = true;
        // The result is on its way, and outdated.
        await logout(agent, {});
        await Bun.sleep(700);
        return generation;
      },
    },
  });
  const failure = await visit(url, agent).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { status: 401, code: 'SESSION_ENDED' } });
});

test('a custom role that changes closes the sockets of its members, and no others', async () => {
  const replicas = await start();
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, bystander] = [await member('agent'), await member('agent')];
  const permissions: Permission[] = ['channels:subscribe', 'members:read'];
  const role = await createRole(owner, { name: 'R', base: 'agent', permissions });
  await updateMember(owner, { userId: userIdOf(agent), role: 'agent', roleId: role.id });
  const stale = await connect(replicas[0].url, await tokenOf(agent)).catch((error) => error);
  expect(stale).toMatchObject({ data: { status: 401, code: 'ACCESS_CHANGED' } });
  const restriction = await findPermissionRestriction(context, {
    tenantId,
    userId: userIdOf(agent),
  });
  const restricted = { ...agent, actor: { ...agent.actor, restriction } } as Context;
  const affected = await Promise.all(replicas.map(({ url }) => visit(url, restricted)));
  const others = await Promise.all(replicas.map(({ url }) => visit(url, bystander)));
  const channel = Channels.organization(tenantId);
  const { socket } = affected[0] as Visitor;
  expect(await call(socket, 'subscribe', { channel })).toMatchObject({ error: { status: 404 } });
  const signal = { channel, type: 'typing' };
  expect(await call(socket, 'publish', signal)).toMatchObject({ error: { status: 403 } });
  await updateRole(owner, { id: role.id, permissions: [...permissions, 'conversations:read'] });
  await untilClosed(affected, 'ACCESS_CHANGED');
  await Bun.sleep(100);
  expect(others.map(({ reasons }) => reasons)).toEqual([[], []]);
});

test('an API key has the channels of its permissions, until it is revoked', async () => {
  const replicas = await start();
  const { owner, tenantId } = await createTestTenant(context);
  const permissions: Permission[] = ['channels:subscribe', 'conversations:read', 'members:read'];
  const key = await createApiKey(owner, { name: 'Screen', permissions });
  const visits = await Promise.all(replicas.map(({ url }) => visitWith(url, key.secret)));
  const { socket } = visits[0] as Visitor;
  const channel = Channels.organization(tenantId);
  expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  expect(await call(socket, 'authenticate', { token: key.secret })).toMatchObject({ ok: true });
  const signal = { channel, type: 'typing' };
  expect(await call(socket, 'publish', signal)).toMatchObject({ error: { status: 403 } });
  for (const other of [Channels.userPrivate(key.userId), Channels.organizationPresence(tenantId)]) {
    const answer = await call(socket, 'subscribe', { channel: other });
    expect(answer).toMatchObject({ error: { status: 404 } });
  }
  await revokeApiKey(owner, { id: key.id });
  await untilClosed(visits, 'SESSION_ENDED');
  const failure = await connect(replicas[1].url, key.secret).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { status: 401 } });
});

test('an API key closes the sockets of its old secret when the overlap has ended', async () => {
  const [{ url }] = await start();
  const { owner } = await createTestTenant(context);
  const key = await createApiKey(owner, { name: 'Screen', permissions: ['channels:subscribe'] });
  const before = await visitWith(url, key.secret);
  const next = await rotateApiKey(owner, { id: key.id, overlapHours: 1 / 3_600 });
  const after = await visitWith(url, next.secret);
  expect(before.reasons).toEqual([]);
  await Bun.sleep(1_100);
  await endOverlap(system(owner), { keyId: key.id, userId: key.userId });
  await untilClosed([before], 'SESSION_ENDED');
  expect(after.reasons).toEqual([]);
});
