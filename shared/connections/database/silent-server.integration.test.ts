import { afterAll, expect, test } from 'bun:test';
import { connect, createServer, type Socket } from 'node:net';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';

/** A way to PostgreSQL on which everything may get lost without a word. */
async function openWay() {
  const { hostname, port } = new URL(testEnvironment.databaseUrl);
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: Object.assign(new URL(testEnvironment.databaseUrl), {
      port: String(typeof address === 'object' ? address?.port : 0),
    }).href,
    /** What is connected now hears nothing any more; who comes later does. */
    swallow() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const way = await openWay();
const database = createDatabase({
  url: way.url,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 2_000,
  slowQueryMs: 10_000,
});
afterAll(async () => {
  await database.close(100);
  way.close();
});

test('a server that falls silent is given up, and found again on another connection', async () => {
  const tenantId = newId('org');
  const one = async (how: 'read' | 'write') =>
    (await database[how]({ tenantId }, (tx) => tx.execute(sql`select 1 as one`)))[0];
  expect(await Promise.all([one('read'), one('write')])).toEqual([{ one: 1 }, { one: 1 }]);
  way.swallow();
  const [read, written] = await Promise.allSettled([one('read'), one('write')]);
  expect(read).toMatchObject({ status: 'fulfilled', value: { one: 1 } });
  if (written.status === 'rejected') {
    expect(written.reason).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  }
  expect(await one('write')).toEqual({ one: 1 });
}, 40_000);
