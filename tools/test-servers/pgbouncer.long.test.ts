import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toUuid } from '@insightdesk/shared/contract';
import {
  createDatabase,
  createListener,
  type Database,
  notifyAfterCommit,
} from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createPidFiles } from '../stack/processes/pid-files.ts';
import { takePort } from '../stack/processes/ports.ts';
import { createSupervisor } from '../stack/processes/supervisor.ts';
import { requirePgbouncer } from './fetch-pgbouncer.ts';
import { createPgbouncer } from './pgbouncer.ts';

const SERVER_CONNECTIONS = 2;
const TIMEOUT_MS = 1_000;
const SEARCH_MS = 300;
const ROUNDS = 40;

const directory = mkdtempSync(join(tmpdir(), 'insightdesk-pgbouncer-'));
const supervisor = createSupervisor({
  pidFiles: createPidFiles(join(directory, 'processes')),
  onLine: () => {},
});
let database: Database;

/** More client connections than server connections, so that transactions change the server connection. */
beforeAll(async () => {
  const tool = await requirePgbouncer(() => {});
  const port = takePort();
  const url = Object.assign(new URL(testEnvironment.databaseUrl), { host: `127.0.0.1:${port}` });
  const limits = { connections: SERVER_CONNECTIONS, timeoutMs: TIMEOUT_MS };
  const { databaseUrl } = testEnvironment;
  const address = { directory: join(directory, 'pgbouncer'), port, url: databaseUrl };
  await supervisor.start(createPgbouncer({ tool, ...address, ...limits }));
  const version = Bun.spawnSync([tool.path, '--version'], { env: { ...process.env, ...tool.env } });
  const minor = Number(/^PgBouncer 1\.(\d+)/.exec(`${version.stdout}`)?.[1]);
  database = createDatabase({
    url: url.href,
    readers: 3,
    writers: 5,
    timeoutMs: 10_000,
    slowQueryMs: 10_000,
    heavy: { connections: 2, timeoutMs: SEARCH_MS },
    prepare: minor >= 21,
  });
});
afterAll(async () => {
  await database.close();
  await supervisor.stop('pgbouncer');
  rmSync(directory, { recursive: true });
});

const insertOrganization = (tenantId = newId('org')) =>
  database.write({ tenantId }, async (tx) => {
    await tx.execute(`insert into organizations (id, name) values ('${toUuid(tenantId)}', 'x')`);
    return tenantId;
  });
/** Backend pids of the server connections that were used. */
const usedPids = new Set<number>();
const listVisible = async (scope: Parameters<Database['read']>[0]) => {
  const query = `select id, pg_backend_pid() as pid from organizations
    union all select null, pg_backend_pid()`;
  const rows = [...(await database.read(scope, (tx) => tx.execute(query)))];
  for (const { pid } of rows) usedPids.add(pid as number);
  return rows.flatMap(({ id }) => (id ? [id as string] : []));
};

test('tenants that share server connections read only their own rows', async () => {
  const tenants = await Promise.all(Array.from({ length: 8 }, () => insertOrganization()));
  const results = await Promise.all(
    Array.from({ length: ROUNDS }, async (_, round) => {
      const tenantId = tenants[round % tenants.length] ?? newId('org');
      if (round % 5 === 0) await insertOrganization();
      const ownRows: string[] = [toUuid(tenantId)];
      return [await listVisible({ tenantId }), await listVisible({}), ownRows] as const;
    }),
  );
  for (const [rows, rowsWithoutTenant, ownRows] of results) {
    expect(rows).toEqual(ownRows);
    expect(rowsWithoutTenant).toEqual([]);
  }
  expect(usedPids.size).toBeLessThanOrEqual(SERVER_CONNECTIONS);
});

test('statements and searches have their own timeouts and plan cache modes', async () => {
  const sleep = (isHeavy: boolean) =>
    database.read({}, (tx) => tx.execute('select pg_sleep(30)'), { isHeavy });
  await expect(sleep(true)).rejects.toMatchObject({ status: 422, code: 'QUERY_TOO_BROAD' });
  await expect(sleep(false)).rejects.toThrow();
  const settings = async (isHeavy: boolean) => {
    const query = `select current_setting('plan_cache_mode') as plan,
      current_setting('statement_timeout') as timeout, current_setting('transaction_read_only') as ro`;
    return [...(await database.read({}, (tx) => tx.execute(query), { isHeavy }))];
  };
  for (let round = 0; round < 4; round++) {
    const defaults = { plan: 'force_generic_plan', timeout: `${TIMEOUT_MS / 1000}s`, ro: 'on' };
    expect(await settings(false)).toEqual([defaults]);
    const heavy = { plan: 'auto', timeout: `${SEARCH_MS}ms`, ro: 'on' };
    expect(await settings(true)).toEqual([heavy]);
  }
});

test('a failed write leaves no state on the server connection', async () => {
  const tenantId = await insertOrganization();
  for (let round = 0; round < 2 * SERVER_CONNECTIONS; round++) {
    await expect(insertOrganization(tenantId)).rejects.toThrow();
    expect(await listVisible({ tenantId })).toEqual([toUuid(tenantId)]);
  }
});

test('a direct listener receives notifications that were sent through PgBouncer', async () => {
  const channel = `test_${crypto.randomUUID()}`;
  const [notified, listening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = createListener(testEnvironment.databaseUrl, {
    channel,
    onNotification: () => notified.resolve(),
    onListening: () => listening.resolve(),
  });
  try {
    await listener.start();
    await listening.promise;
    const tenantId = newId('org');
    await database.write({ tenantId }, async (tx) => notifyAfterCommit(tx, channel));
    await notified.promise;
  } finally {
    await listener.close();
  }
});
