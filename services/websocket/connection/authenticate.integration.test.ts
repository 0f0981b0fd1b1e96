import { expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, toUuid } from '@insightdesk/shared/contract';
import { connect as openDatabase } from '@insightdesk/shared/database';
import { createSession, revokeSession } from '@insightdesk/shared/domain/identity/users';
import { UnavailableError } from '@insightdesk/shared/errors';
import { createTestTenant, testEnvironment, until, userIdOf } from '@insightdesk/shared/testing';
import { createRecentSessions } from '@insightdesk/shared/utils';
import { channels } from '../channels.ts';
import { createSessionSource, createSessionVerifier } from '../sessions/session-verifier.ts';
import { call, createTestReplicas } from '../testing/test-replica.ts';

const { context, startReplica, connect, tokenOf, visit } = createTestReplicas();

/** The clock of the cache of recent sessions. */
let clockMs = 0;
const sessions = createSessionVerifier(
  createSessionSource(context),
  createRecentSessions(() => clockMs),
);
const overrides = { sessions, channels };
const closedWith = (code: string) => [code, 'io server disconnect'];

/** Ends a session as time does: without a notification. */
async function expire({ actor }: Context): Promise<void> {
  if (actor.kind !== 'user') throw new Error('The context has no user');
  const sql = openDatabase(testEnvironment.adminUrl, { timeoutMs: 5_000 });
  await sql`update sessions set expires_at = now() where id = ${toUuid(actor.sessionId)}`;
  await sql.end();
}

test('an expired session gets no connection, no renewal and no channel of any kind', async () => {
  const replica = await startReplica('websocket-1', overrides);
  const { member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  const token = await tokenOf(agent);
  const { socket } = await connect(replica.url, token);
  const names = [Channels.userPrivate(userIdOf(agent)), Channels.organization(tenantId)];
  for (const channel of names) {
    expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    await call(socket, 'unsubscribe', { channel });
  }
  expect(await call(socket, 'authenticate', { token })).toMatchObject({ ok: true });
  await expire(agent);
  clockMs += 500;
  const refused = { ok: false, error: { status: 401, code: 'SESSION_ENDED' } };
  for (const channel of names) {
    expect(await call(socket, 'subscribe', { channel })).toMatchObject(refused);
  }
  expect(await call(socket, 'authenticate', { token })).toMatchObject(refused);
  const failure = await connect(replica.url, token).catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { status: 401, code: 'SESSION_ENDED' } });
});

test('without the database a client reconnects by itself until it is accepted', async () => {
  const { member } = await createTestTenant(context);
  let calls = 0;
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessions: {
      ...sessions,
      verify: async (claims) => {
        if (calls++ < 2) throw new UnavailableError('no database');
        return sessions.verify(claims);
      },
    },
  });
  const options = { reconnection: true, reconnectionDelay: 10 };
  const { socket } = await connect(url, await tokenOf(await member('agent')), options);
  expect(socket.connected).toBe(true);
  expect(calls).toBe(3);
});

test('expiring: emitted a minute before the token expires, and again after a renewal', async () => {
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  const token = await tokenOf(agent);
  const expiries: number[] = [];
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    tokens: {
      async verifyAccess(text) {
        expiries.push(Date.now() + 62_000);
        const access = await context.security.tokens.verifyAccess(text);
        return { ...access, expiresAt: expiries.at(-1) ?? 0 };
      },
    },
  });
  const { socket } = await connect(url, token);
  const notices: { expiresAt: string }[] = [];
  socket.on('expiring', (notice) => notices.push(notice));
  await Bun.sleep(100);
  expect(notices).toEqual([]);
  await until(() => notices.length, { equals: 1 });
  await call(socket, 'authenticate', { token });
  await until(() => notices.length, { equals: 2 });
  expect(notices.map(({ expiresAt }) => Date.parse(expiresAt))).toEqual(expiries);
  expect(socket.connected).toBe(true);
});

test('authenticate: a session that is revoked during the renewal closes the socket', async () => {
  const { member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  const other = await createSession(context, { tenantId, userId: userIdOf(agent), role: 'agent' });
  const { sessionId } = await context.security.tokens.verifyAccess(other.accessToken);
  let calls = 0;
  const { url } = await startReplica('websocket-1', {
    ...overrides,
    sessions: {
      ...sessions,
      async verify(claims) {
        const generation = await sessions.verify(claims);
        if (claims.sessionId !== sessionId || calls++ > 0) return generation;
        // The result is on its way, and outdated.
        await revokeSession(agent, { id: sessionId });
        await Bun.sleep(700);
        return generation;
      },
    },
  });
  const { socket, reasons } = await visit(url, agent);
  expect(await call(socket, 'authenticate', { token: other.accessToken })).toMatchObject({
    ok: false,
    error: { status: 401, code: 'SESSION_ENDED' },
  });
  await until(() => reasons.length, { equals: 2 });
  expect(reasons).toEqual(closedWith('SESSION_ENDED'));
});

test('authenticate: a token with another role closes the socket, which has channels of the former role', async () => {
  const replica = await startReplica('websocket-1', overrides);
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  const { socket, reasons } = await visit(replica.url, agent);
  if (agent.actor.kind !== 'user') throw new Error('The context has no user');
  const token = await tokenOf({ ...agent, actor: { ...agent.actor, role: 'customer' } });
  expect(await call(socket, 'authenticate', { token })).toMatchObject({
    ok: false,
    error: { status: 403 },
  });
  await until(() => reasons.length, { equals: 2 });
  expect(reasons).toEqual(closedWith('ACCESS_CHANGED'));
});
