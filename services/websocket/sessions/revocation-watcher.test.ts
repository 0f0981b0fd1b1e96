import { afterEach, expect, test } from 'bun:test';
import { ForbiddenError, UnauthenticatedError } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import { until } from '../../../shared/testing/until.ts';
import type { Access, AccessHolder } from './access.ts';
import { createRevocationWatcher } from './revocation-watcher.ts';

const tenantId = newId('org');
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A database with one organization, and a watcher that compares only when a test calls it. */
function setUp() {
  const database = { generation: 5, failures: 0, refusals: new Map<string, Error>() };
  const verified: string[] = [];
  const errors: unknown[] = [];
  const watcher = createRevocationWatcher({
    sessions: {
      async verify({ userId }) {
        const { generation } = database;
        verified.push(userId);
        await Bun.sleep(1);
        if (database.failures-- > 0) throw new Error('no database');
        const refusal = database.refusals.get(userId);
        if (refusal) throw refusal;
        return generation;
      },
      generationsOf: async (tenantIds) => {
        if (database.failures-- > 0) throw new Error('no database');
        return new Map(tenantIds.map((id) => [id, database.generation]));
      },
    },
    onError: (error) => errors.push(error),
    compareIntervalMs: 3_600_000,
  });
  closing.push(watcher.close);

  /** A socket that was verified at the database's generation, or is in its handshake. */
  function newHolder({ isVerified = true } = {}) {
    const access = { tenantId, userId: newId('usr'), sessionId: newId('ses') } as Access;
    const ends: string[] = [];
    let generation = isVerified ? database.generation : undefined;
    const holder: AccessHolder = {
      access,
      get generation() {
        return generation;
      },
      requiredGeneration: 0,
      confirm(next) {
        generation = next;
      },
      end: (code) => ends.push(code),
    };
    watcher.add(holder);
    return { holder, access, ends };
  }

  /** Revokes access in the database; `notify` as PostgreSQL does afterwards. */
  function revoke(userId?: Access['userId'], refusal: Error = sessionEnded()) {
    const generation = ++database.generation;
    if (userId) database.refusals.set(userId, refusal);
    return { notify: () => watcher.onRevocation({ tenantId, generation, userId }) };
  }
  return { database, watcher, verified, errors, newHolder, revoke };
}

const sessionEnded = () => new UnauthenticatedError('ended', { code: 'SESSION_ENDED' });

test('revocation: only the sockets of the user are verified, and closed when they are refused', async () => {
  const { watcher, verified, newHolder, revoke } = setUp();
  const [one, other] = [newHolder(), newHolder()];
  await watcher.compare();
  revoke(one.access.userId).notify();
  await until(() => one.ends.length, { equals: 1 });
  expect(one.ends).toEqual(['SESSION_ENDED']);
  expect(other.ends).toEqual([]);
  expect(verified).toEqual([one.access.userId]);
});

test('revocation without a user: all sockets of the organization are verified', async () => {
  const { database, watcher, verified, newHolder, revoke } = setUp();
  const holders = [newHolder(), newHolder()];
  await watcher.compare();
  const disabled = new ForbiddenError('disabled', { code: 'ORGANIZATION_DISABLED' });
  for (const { access } of holders) database.refusals.set(access.userId, disabled);
  revoke().notify();
  await until(() => holders.every(({ ends }) => ends[0] === 'ACCESS_CHANGED'));
  expect(verified).toHaveLength(2);
});

test('missed revocation: the next one has a gap, and all sockets of the organization are verified', async () => {
  const { watcher, newHolder, revoke } = setUp();
  const [missed, notified] = [newHolder(), newHolder()];
  await watcher.compare();
  revoke(missed.access.userId);
  revoke(notified.access.userId).notify();
  await until(() => missed.ends.length + notified.ends.length, { equals: 2 });
});

test('missed revocation: comparing generations finds it', async () => {
  const { watcher, verified, newHolder, revoke } = setUp();
  const [missed, other] = [newHolder(), newHolder()];
  await watcher.compare();
  expect(verified).toEqual([]);
  revoke(missed.access.userId);
  await watcher.compare();
  await until(() => missed.ends.length, { equals: 1 });
  expect(other.ends).toEqual([]);
  verified.splice(0);
  await watcher.compare();
  expect(verified).toEqual([]);
});

test('notification after the comparison that included it: nothing is verified twice', async () => {
  const { watcher, verified, newHolder, revoke } = setUp();
  const one = newHolder();
  await watcher.compare();
  const { notify } = revoke();
  await watcher.compare();
  await until(() => one.holder.generation, { equals: 6 });
  notify();
  await Bun.sleep(10);
  expect(verified).toHaveLength(1);
});

test('revocation during a handshake: the socket is left to the handshake, which must verify again', async () => {
  const { watcher, verified, newHolder, revoke } = setUp();
  const { holder } = newHolder({ isVerified: false });
  await watcher.compare();
  revoke(holder.access.userId).notify();
  await Bun.sleep(10);
  expect(verified).toEqual([]);
  expect(holder.requiredGeneration).toBe(6);
});

test('renewal during a verification: the new session is verified', async () => {
  const { watcher, newHolder, revoke } = setUp();
  const one = newHolder();
  await watcher.compare();
  revoke(one.access.userId).notify();
  const renewed = { ...one.access, userId: newId('usr') };
  Object.assign(one.holder, { access: renewed });
  await until(() => one.holder.generation, { equals: 6 });
  expect(one.ends).toEqual([]);
});

test('verification without a database: repeated until it answers', async () => {
  const { database, watcher, errors, newHolder, revoke } = setUp();
  const one = newHolder();
  await watcher.compare();
  database.failures = 2;
  revoke(one.access.userId).notify();
  await until(() => one.ends.length, { equals: 1 });
  expect(errors).toHaveLength(2);
});

test('comparisons without a database: only the first failure of a series is reported', async () => {
  const { database, watcher, errors, newHolder } = setUp();
  newHolder();
  database.failures = 3;
  for (let n = 0; n < 4; n++) await watcher.compare();
  expect(errors).toHaveLength(1);
});

test('deleted organization: its sockets are verified, although it has no generation any more', async () => {
  const { database, watcher, newHolder } = setUp();
  const one = newHolder();
  await watcher.compare();
  database.generation = 0;
  database.refusals.set(one.access.userId, sessionEnded());
  await watcher.compare();
  await until(() => one.ends.length, { equals: 1 });
});

test('closed sockets: they are not verified any more', async () => {
  const { watcher, verified, newHolder, revoke } = setUp();
  const [one, other] = [newHolder(), newHolder()];
  await watcher.compare();
  watcher.delete(one.holder);
  revoke(one.access.userId).notify();
  revoke().notify();
  await until(() => verified.length, { equals: 1 });
  expect(verified).toEqual([other.access.userId]);
});
