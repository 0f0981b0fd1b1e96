import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { createStorage } from '@insightdesk/shared/storage';
import { until } from '../../shared/testing/until.ts';
import { isLocalStack, loadRun } from './client.ts';
import { openDelivery } from './outage/delivery.ts';
import { type Dependency, listDependencies, startServers } from './outage/dependencies.ts';
import { expectFilesMatchRows } from './outage/stored-files.ts';
import { startPrivateStack } from './private-stack.ts';

/** The minimum duration of an outage, which also lasts until the services report it. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1000;
const TIMEOUT_MS = 60_000;

let servers: Awaited<ReturnType<typeof startServers>>;
let stack: Awaited<ReturnType<typeof startPrivateStack>>;
let delivery: Awaited<ReturnType<typeof openDelivery>>;
/** The names of all outages in order. The last one is current; '' is none. */
const outages = [''];

beforeAll(async () => {
  if (!isLocalStack) return;
  servers = await startServers();
  // Load shedding is disabled, because a busy machine would trigger it.
  const limits = { RATE_LIMIT_MAX_REQUESTS: '1000000', LOAD_SHED_LAG_MS: '0' };
  const { overrides, variables } = servers;
  stack = await startPrivateStack({ overrides, variables: { ...variables, ...limits } });
}, 300_000);

afterAll(async () => {
  await delivery?.close();
  await stack?.close();
  await servers?.close();
});

type Service = ReturnType<typeof loadRun>['services'][number];

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

async function getHealth({ url }: Service, path = '/health/ready') {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, report: (await response.json()) as HealthReport };
}

/** Whether all dependent services report the outage. Expects that all services stay alive. */
async function isReported({ reportedBy, unreadyKinds }: Dependency): Promise<boolean> {
  const results = await Promise.all(
    stack.run.services.map(async (service) => {
      const kind = service.kind as keyof typeof reportedBy;
      const { status, report } = await getHealth(service);
      const isListed = (reportedBy[kind] ?? []).every(
        (name) => report.checks[name]?.healthy === false,
      );
      const live = await getHealth(service, '/health/live');
      expect(live.status).toBe(200);
      return isListed && status === (unreadyKinds.includes(kind) ? 503 : 200);
    }),
  );
  return results.every(Boolean);
}

async function isHealthy(): Promise<boolean> {
  const responses = stack.run.services.map((service) => getHealth(service).catch(() => undefined));
  return (await Promise.all(responses)).every((response) => response?.report.status === 'ok');
}

const isAccepted = ({ status }: { status: number | string }) => status === 200 || status === 201;

/** Stops a dependency and starts it again. Returns the measurements. */
async function runOutage(dependency: Dependency): Promise<object> {
  const { attempts } = delivery.load;
  const firstAttempt = attempts.length;
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  outages.push(dependency.name);
  await dependency.stop();
  let reportedAfterMs: number | undefined;
  try {
    await until(() => isReported(dependency), { timeoutMs: TIMEOUT_MS });
    reportedAfterMs = elapsedMs();
    await Bun.sleep(Math.max(0, OUTAGE_MS - elapsedMs()));
  } finally {
    await dependency.start();
  }
  const outageMs = elapsedMs();
  await until(isHealthy, { timeoutMs: TIMEOUT_MS });
  const healthyAfterMs = elapsedMs() - outageMs;
  await delivery.waitForAccepted(10);
  outages.push('');
  const during = attempts.slice(firstAttempt);
  const rejections: Record<string, number> = {};
  for (const { action, status, code } of during.filter((attempt) => !isAccepted(attempt))) {
    const kind = `${action} ${status} ${code}`;
    rejections[kind] = (rejections[kind] ?? 0) + 1;
  }
  const slowestMs = Math.max(...during.map(({ ms }) => ms));
  const times = { outageMs, reportedAfterMs, healthyAfterMs, slowestMs };
  return { outage: dependency.name, ...times, attempts: during.length, rejections };
}

test.skipIf(!isLocalStack)(
  'an outage of each dependency is reported by readiness, limits only its users and loses nothing accepted',
  async () => {
    delivery = await openDelivery('An outage', outages);
    const { attempts } = delivery.load;
    await until(isHealthy, { timeoutMs: TIMEOUT_MS });
    const before = pids();
    const dependencies = listDependencies(stack, servers);
    for (const dependency of dependencies) {
      await delivery.waitForAccepted(10);
      console.log(JSON.stringify(await runOutage(dependency)));
    }
    await delivery.expectAllDelivered(2 * TIMEOUT_MS);
    const sql = connect(stack.run.postgres, { timeoutMs: 20_000 });
    const config = { provider: 's3', maxFileBytes: 1, ...servers.storage.options } as const;
    await expectFilesMatchRows({
      sql,
      storage: createStorage(config, { signer: {} as never }),
      organizationId: delivery.organizationId as Id<'org'>,
      env: { ...process.env, ...stack.environment },
    });
    await sql.end();
    const refusedActionsOf = new Map(
      dependencies.map(({ name, refusedActions }) => [name, refusedActions]),
    );
    const unexpected = attempts.filter((attempt) => {
      const { action, status, during } = attempt;
      const isRefusable = during.some((name) => refusedActionsOf.get(name)?.includes(action));
      return !isAccepted(attempt) && !(status === 503 && isRefusable);
    });
    expect(unexpected).toEqual([]);
    expect(pids()).toEqual(before);
  },
  600_000,
);
