import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { connect, createDatabase, notifyAfterCommit } from './index.ts';

const WRITES = 20;
const database = createDatabase({
  url: testEnvironment.databaseUrl,
  readers: 1,
  writers: 5,
  timeoutMs: 20_000,
  slowQueryMs: 20_000,
});
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 20_000 });
afterAll(() => Promise.all([database.close(), admin.end()]));

const newChannel = () => `test_${crypto.randomUUID()}`;

/** Inserts an organization and notifies the channel; an `error` rolls it back. */
function createOrganization(channel: string, tenantId = newId('org'), error?: Error) {
  return database.write({ tenantId }, async (tx) => {
    notifyAfterCommit(tx, channel);
    await tx.execute(sql`insert into organizations (id, name) values (${toUuid(tenantId)}, 'x')`);
    if (error) throw error;
  });
}

test('listeners see committed rows, and after the last notification all of them', async () => {
  const channel = newChannel();
  const ids = Array.from({ length: WRITES }, () => newId('org'));
  const seen = Promise.withResolvers<void>();
  const check = async () => {
    const rows = await admin`select from organizations where id in ${admin(ids.map(toUuid))}`;
    if (rows.length === WRITES) seen.resolve();
  };
  await admin.listen(channel, () => void check().catch(seen.reject));
  await Promise.all(ids.map((id) => createOrganization(channel, id)));
  await seen.promise;
});

test('a rolled back write sends no notification, a committed one sends one', async () => {
  const [channel, last] = [newChannel(), newChannel()];
  let notifications = 0;
  const ended = Promise.withResolvers<void>();
  await admin.listen(channel, () => notifications++);
  await admin.listen(last, () => ended.resolve());
  await expect(createOrganization(channel, newId('org'), new Error('no'))).rejects.toThrow('no');
  await createOrganization(channel);
  await createOrganization(last);
  // PostgreSQL notifies in the order of commits.
  await ended.promise;
  expect(notifications).toBe(1);
});

test('notifyAfterCommit is refused in a read', async () => {
  const read = database.read({}, async (tx) => notifyAfterCommit(tx, newChannel()));
  await expect(read).rejects.toThrow('open write transaction');
});
