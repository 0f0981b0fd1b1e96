import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { until } from '../../shared/testing/until.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import {
  call,
  createOrganization,
  isLocalStack,
  listEmails,
  loadRun,
  untilProcessed,
} from './client.ts';
import { createFollowers } from './followers.ts';
import { type Dependency, listDependencies, startServers } from './outage/dependencies.ts';
import { createLoad } from './outage/load.ts';
import { startPrivateStack } from './private-stack.ts';

/** At least, and until the services report it. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1000;
const TIMEOUT_MS = 60_000;
const SUBJECT = 'An outage';

const directory = createTestDirectory();
const followers = createFollowers(async () => []);
let servers: Awaited<ReturnType<typeof startServers>>;
let stack: Awaited<ReturnType<typeof startPrivateStack>>;
let load: ReturnType<typeof createLoad>;
/** The names of all outages in order; the last one is current, '' is none. */
const outages = [''];

beforeAll(async () => {
  if (!isLocalStack) return;
  servers = await startServers(directory.path);
  // Limits are on, but for what a busy machine would run into.
  const limits = { RATE_LIMIT_MAX_REQUESTS: '1000000', LOAD_SHED_LAG_MS: '0' };
  const { places, variables } = servers;
  stack = await startPrivateStack({ places, variables: { ...variables, ...limits } });
}, 300_000);

afterAll(async () => {
  followers.close();
  await stack?.close();
  await servers?.close();
  directory.remove();
});

type People = Awaited<ReturnType<typeof createOrganization>>;
type Service = ReturnType<typeof loadRun>['services'][number];

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

async function askHealth({ url }: Service, path = '/health/ready') {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, report: (await response.json()) as HealthReport };
}

/** Every dependent service reports it, and all stay alive. */
async function isReported({ reportedBy, unready }: Dependency): Promise<boolean> {
  const answers = await Promise.all(
    stack.run.services.map(async (service) => {
      const kind = service.kind as keyof typeof reportedBy;
      const { status, report } = await askHealth(service);
      const named = (reportedBy[kind] ?? []).every(
        (name) => report.checks[name]?.healthy === false,
      );
      const live = await askHealth(service, '/health/live');
      expect(live.status).toBe(200);
      return named && status === (unready.includes(kind) ? 503 : 200);
    }),
  );
  return answers.every(Boolean);
}

async function isHealthy(): Promise<boolean> {
  const asked = stack.run.services.map((service) => askHealth(service).catch(() => undefined));
  return (await Promise.all(asked)).every((answer) => answer?.report.status === 'ok');
}

/** The accepted files that failed verification, by what is wrong with them. */
async function brokenFiles(token: string, uploaded: Map<string, string>): Promise<string[]> {
  const broken: string[] = [];
  for (const [id, text] of uploaded) {
    const ready = await untilProcessed(token, id, TIMEOUT_MS).then(
      ({ status }) => status,
      () => 'pending',
    );
    const { status, headers, body } = await call('GET', `/v1/attachments/${id}/content`, { token });
    const at = headers.get('location');
    const content = at ? await (await fetch(at)).text() : body;
    if (ready !== 'ready' || content !== text) broken.push(`${id} ${ready} ${status} ${content}`);
  }
  return broken;
}

const isFine = ({ status }: { status: number | string }) => status === 200 || status === 201;

/** Stops the dependency, starts it again, and returns what was measured. */
async function runOutage(dependency: Dependency): Promise<object> {
  const from = load.attempts.length;
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
  await waitForPosts();
  outages.push('');
  const during = load.attempts.slice(from);
  const refused: Record<string, number> = {};
  for (const { what, status, code } of during.filter((one) => !isFine(one))) {
    const kind = `${what} ${status} ${code}`;
    refused[kind] = (refused[kind] ?? 0) + 1;
  }
  const slowestMs = Math.max(...during.map(({ ms }) => ms));
  const times = { outageMs, reportedAfterMs, healthyAfterMs, slowestMs };
  return { outages: dependency.name, ...times, asked: during.length, refused };
}

/** Waits until more posts are accepted. */
async function waitForPosts(): Promise<void> {
  const accepted = () => load.attempts.filter(({ status }) => status === 201).length;
  const enough = accepted() + 10;
  await until(() => accepted() >= enough, { timeoutMs: TIMEOUT_MS });
}

async function openConversation({ owner, agent, customer }: People): Promise<string> {
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: SUBJECT, body: 'It begins' },
  });
  const id: string = opened.body.id;
  for (const { token } of [owner, agent, customer]) {
    followers.follow(token, [`private-conversation-${id}`], 'websocket');
  }
  await followers.ready();
  return id;
}

async function mailedTo(address: string): Promise<number[]> {
  return (await listEmails(address))
    .filter(({ subject }) => subject.includes(SUBJECT))
    .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

test.skipIf(!isLocalStack)(
  'during an outage of each dependency readiness reports it, the rest works and nothing accepted is lost',
  async () => {
    const people = await createOrganization();
    const { absent, customer } = people;
    const id = await openConversation(people);
    await until(isHealthy, { timeoutMs: TIMEOUT_MS });
    const before = pids();
    load = createLoad(customer, id, outages);
    const dependencies = listDependencies(stack, servers.pids);
    for (const dependency of dependencies) {
      await waitForPosts();
      console.log(JSON.stringify(await runOutage(dependency)));
    }
    await load.stop();
    const wanted = Array.from({ length: load.posted() }, (_, n) => n);
    const isComplete = () =>
      followers.states().every(([, { numbers }]) => numbers.length >= wanted.length);
    await until(isComplete, { timeoutMs: TIMEOUT_MS }).catch(() => {});
    const isMailed = async () => (await mailedTo(absent.email)).length >= wanted.length;
    await until(isMailed, { timeoutMs: 2 * TIMEOUT_MS }).catch(() => {});
    const broken = await brokenFiles(customer.token, load.uploaded);
    const { gaps, repeated } = followers.counts;
    const summary = { posted: wanted.length, uploaded: load.uploaded.size, gaps, repeated };
    console.log('dependency outages:', JSON.stringify(summary));

    const mayRefuse = new Map(dependencies.map(({ name, refused }) => [name, refused]));
    const surprises = load.attempts.filter((one) => {
      const isKnown = one.during.some((name) => mayRefuse.get(name)?.includes(one.what));
      return !isFine(one) && !(one.status === 503 && isKnown);
    });
    expect(surprises).toEqual([]);
    for (const [, { numbers }] of followers.states()) {
      expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
    }
    expect({ gaps, repeated }).toEqual({ gaps: 0, repeated: 0 });
    expect(await mailedTo(absent.email)).toEqual(wanted);
    expect(broken).toEqual([]);
    expect(pids()).toEqual(before);
  },
  600_000,
);
