import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { until } from '../../shared/testing/until.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { isLocalStack, loadRun } from './client.ts';
import { openDelivery } from './outage/delivery.ts';
import { type Dependency, listDependencies, startServers } from './outage/dependencies.ts';
import { startPrivateStack } from './private-stack.ts';

/** At least, and until the services report it. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1000;
const TIMEOUT_MS = 60_000;

const directory = createTestDirectory();
let servers: Awaited<ReturnType<typeof startServers>>;
let stack: Awaited<ReturnType<typeof startPrivateStack>>;
let delivery: Awaited<ReturnType<typeof openDelivery>>;
/** The names of all outages in order; the last one is current, '' is none. */
const outages = [''];

beforeAll(async () => {
  if (!isLocalStack) return;
  servers = await startServers(directory.path);
  // Limits are on, but for what a busy machine would run into.
  const limits = { RATE_LIMIT_MAX_REQUESTS: '1000000', LOAD_SHED_LAG_MS: '0' };
  const { overrides, variables } = servers;
  stack = await startPrivateStack({ overrides, variables: { ...variables, ...limits } });
}, 300_000);

afterAll(async () => {
  await delivery?.close();
  await stack?.close();
  await servers?.close();
  directory.remove();
});

type Service = ReturnType<typeof loadRun>['services'][number];

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

async function askHealth({ url }: Service, path = '/health/ready') {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, report: (await response.json()) as HealthReport };
}

/** Every dependent service reports it, and all stay alive. */
async function isReported({ reportedBy, unreadyKinds }: Dependency): Promise<boolean> {
  const answers = await Promise.all(
    stack.run.services.map(async (service) => {
      const kind = service.kind as keyof typeof reportedBy;
      const { status, report } = await askHealth(service);
      const named = (reportedBy[kind] ?? []).every(
        (name) => report.checks[name]?.healthy === false,
      );
      const live = await askHealth(service, '/health/live');
      expect(live.status).toBe(200);
      return named && status === (unreadyKinds.includes(kind) ? 503 : 200);
    }),
  );
  return answers.every(Boolean);
}

async function isHealthy(): Promise<boolean> {
  const asked = stack.run.services.map((service) => askHealth(service).catch(() => undefined));
  return (await Promise.all(asked)).every((answer) => answer?.report.status === 'ok');
}

const isFine = ({ status }: { status: number | string }) => status === 200 || status === 201;

/** Stops the dependency, starts it again, and returns what was measured. */
async function runOutage(dependency: Dependency): Promise<object> {
  const { attempts } = delivery.load;
  const from = attempts.length;
  const at = performance.now();
  const since = () => Math.round(performance.now() - at);
  outages.push(dependency.name);
  await dependency.stop();
  let reportedAfterMs: number | undefined;
  try {
    await until(() => isReported(dependency), { timeoutMs: TIMEOUT_MS });
    reportedAfterMs = since();
    await Bun.sleep(Math.max(0, OUTAGE_MS - since()));
  } finally {
    await dependency.start();
  }
  const outageMs = since();
  await until(isHealthy, { timeoutMs: TIMEOUT_MS });
  const healthyAfterMs = since() - outageMs;
  await delivery.waitForAccepted(10);
  outages.push('');
  const during = attempts.slice(from);
  const refused: Record<string, number> = {};
  for (const { action, status, code } of during.filter((one) => !isFine(one))) {
    const kind = `${action} ${status} ${code}`;
    refused[kind] = (refused[kind] ?? 0) + 1;
  }
  const slowestMs = Math.max(...during.map(({ ms }) => ms));
  const times = { outageMs, reportedAfterMs, healthyAfterMs, slowestMs };
  return { outages: dependency.name, ...times, asked: during.length, refused };
}

test.skipIf(!isLocalStack)(
  'during an outage of each dependency readiness reports it, the rest works and nothing accepted is lost',
  async () => {
    delivery = await openDelivery('An outage', outages);
    const { attempts } = delivery.load;
    await until(isHealthy, { timeoutMs: TIMEOUT_MS });
    const before = pids();
    const dependencies = listDependencies(stack, servers.pids);
    for (const dependency of dependencies) {
      await delivery.waitForAccepted(10);
      console.log(JSON.stringify(await runOutage(dependency)));
    }
    await delivery.expectAllDelivered(2 * TIMEOUT_MS);
    const mayRefuse = new Map(
      dependencies.map(({ name, refusedActions }) => [name, refusedActions]),
    );
    const surprises = attempts.filter((one) => {
      const isKnown = one.during.some((name) => mayRefuse.get(name)?.includes(one.action));
      return !isFine(one) && !(one.status === 503 && isKnown);
    });
    expect(surprises).toEqual([]);
    expect(pids()).toEqual(before);
  },
  600_000,
);
