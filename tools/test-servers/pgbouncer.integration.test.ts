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

/** More connections than the pooler has to the server: they change places with every transaction. */
beforeAll(async () => {
  const tool = await requirePgbouncer(() => {});
  const port = takePort();
  const url = Object.assign(new URL(testEnvironment.databaseUrl), { host: `127.0.0.1:${port}` });
  const limits = { connections: SERVER_CONNECTIONS, timeoutMs: TIMEOUT_MS };
  const { databaseUrl } = testEnvironment;
  const place = { directory: join(directory, 'pgbouncer'), port, url: databaseUrl };
  await supervisor.start(createPgbouncer({ tool, ...place, ...limits }));
  const version = Bun.spawnSync([tool.path, '--version'], { env: { ...process.env, ...tool.env } });
  const minor = Number(/^PgBouncer 1\.(\d+)/.exec(`${version.stdout}`)?.[1]);
  database = createDatabase({
    url: url.href,
    poolMin: 3,
    poolMax: 5,
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

const found = (tenantId = newId('org')) =>
  database.write({ tenantId }, async (tx) => {
    await tx.execute(`insert into organizations (id, name) values ('${toUuid(tenantId)}', 'x')`);
    return tenantId;
  });
/** Connections to the server over which something was read. */
const used = new Set<number>();
const seenBy = async (scope: Parameters<Database['read']>[0]) => {
  const query = `select id, pg_backend_pid() as pid from organizations
    union all select null, pg_backend_pid()`;
  const rows = [...(await database.read(scope, (tx) => tx.execute(query)))];
  for (const { pid } of rows) used.add(pid as number);
  return rows.flatMap(({ id }) => (id ? [id as string] : []));
};

test('tenants that share few connections see only their own rows', async () => {
  const tenants = await Promise.all(Array.from({ length: 8 }, () => found()));
  const answers = await Promise.all(
    Array.from({ length: ROUNDS }, async (_, round) => {
      const tenantId = tenants[round % tenants.length] ?? newId('org');
      if (round % 5 === 0) await found();
      const own: string[] = [toUuid(tenantId)];
      return [await seenBy({ tenantId }), await seenBy({}), own] as const;
    }),
  );
  for (const [seen, seenByNobody, own] of answers) {
    expect(seen).toEqual(own);
    expect(seenByNobody).toEqual([]);
  }
  expect(used.size).toBeLessThanOrEqual(SERVER_CONNECTIONS);
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
    const own = { plan: 'force_generic_plan', timeout: `${TIMEOUT_MS / 1000}s`, ro: 'on' };
    expect(await settings(false)).toEqual([own]);
    const searching = { plan: 'auto', timeout: `${SEARCH_MS}ms`, ro: 'on' };
    expect(await settings(true)).toEqual([searching]);
  }
});

test('a failed write leaves the connection as it was', async () => {
  const tenantId = await found();
  for (let round = 0; round < 2 * SERVER_CONNECTIONS; round++) {
    await expect(found(tenantId)).rejects.toThrow();
    expect(await seenBy({ tenantId })).toEqual([toUuid(tenantId)]);
  }
});

test('a listener connects to the server itself and receives notifications sent through the pooler', async () => {
  const channel = `test_${crypto.randomUUID()}`;
  const [heard, listening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = createListener(testEnvironment.databaseUrl, {
    channel,
    onNotification: () => heard.resolve(),
    onListening: () => listening.resolve(),
  });
  try {
    await listener.start();
    await listening.promise;
    const tenantId = newId('org');
    await database.write({ tenantId }, async (tx) => notifyAfterCommit(tx, channel));
    await heard.promise;
  } finally {
    await listener.close();
  }
});
