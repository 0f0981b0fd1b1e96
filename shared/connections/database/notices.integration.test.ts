import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { connect, createDatabase, notifyAfterCommit } from './index.ts';

const WRITES = 20;
const database = createDatabase({
  url: testEnvironment.databaseUrl,
  poolMin: 1,
  poolMax: 5,
  timeoutMs: 20_000,
  slowQueryMs: 20_000,
});
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 20_000 });
afterAll(() => Promise.all([database.close(), admin.end()]));

const newChannel = () => `test_${crypto.randomUUID()}`;

/** Founds an organisation and wakes the channel; an `end` keeps it from being committed. */
function found(channel: string, tenantId = newId('org'), end?: Error) {
  return database.write({ tenantId }, async (tx) => {
    notifyAfterCommit(tx, channel);
    await tx.execute(sql`insert into organizations (id, name) values (${toUuid(tenantId)}, 'x')`);
    if (end) throw end;
  });
}

test('whoever is woken sees what was committed; one notice at last sees all', async () => {
  const channel = newChannel();
  const ids = Array.from({ length: WRITES }, () => newId('org'));
  const seen = Promise.withResolvers<void>();
  const look = async () => {
    const rows = await admin`select from organizations where id in ${admin(ids.map(toUuid))}`;
    if (rows.length === WRITES) seen.resolve();
  };
  await admin.listen(channel, () => void look().catch(seen.reject));
  await Promise.all(ids.map((id) => found(channel, id)));
  await seen.promise;
});

test('what is not committed wakes nobody, a write alone wakes once', async () => {
  const [channel, last] = [newChannel(), newChannel()];
  let notices = 0;
  const ended = Promise.withResolvers<void>();
  await admin.listen(channel, () => notices++);
  await admin.listen(last, () => ended.resolve());
  await expect(found(channel, newId('org'), new Error('no'))).rejects.toThrow('no');
  await found(channel);
  await found(last);
  // PostgreSQL tells of commits in their order.
  await ended.promise;
  expect(notices).toBe(1);
});

test('a read cannot wake anybody', async () => {
  const read = database.read({}, async (tx) => notifyAfterCommit(tx, newChannel()));
  await expect(read).rejects.toThrow('open write transaction');
});
