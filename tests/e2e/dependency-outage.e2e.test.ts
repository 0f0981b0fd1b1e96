import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { call, isLocalStack, loadRun, mailsTo, openOrganization, until } from './client.ts';
import { createCrowd } from './followers.ts';
import { type Dependency, listDependencies, startServers } from './outage/dependencies.ts';
import { createLoad } from './outage/load.ts';
import { openPrivateStack } from './private-stack.ts';

/** At least; and until the services have told that it is away. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1000;
const PATIENCE_MS = 60_000;
const SUBJECT = 'An outage';

const directory = createTestDirectory();
const crowd = createCrowd(async () => []);
let servers: Awaited<ReturnType<typeof startServers>>;
let stack: Awaited<ReturnType<typeof openPrivateStack>>;
let load: ReturnType<typeof createLoad>;
/** What was away one after the other; its last is so now, nothing being ''. */
const away = [''];

beforeAll(async () => {
  if (!isLocalStack) return;
  servers = await startServers(directory.path);
  // Limits are on, but for what a busy machine would run into.
  const limits = { RATE_LIMIT_MAX_REQUESTS: '1000000', LOAD_SHED_LAG_MS: '0' };
  const { places, variables } = servers;
  stack = await openPrivateStack({ places, variables: { ...variables, ...limits } });
}, 300_000);

afterAll(async () => {
  crowd.close();
  await stack?.close();
  await servers?.close();
  directory.remove();
});

type People = Awaited<ReturnType<typeof openOrganization>>;
type Service = ReturnType<typeof loadRun>['services'][number];

const pids = () => loadRun().services.map(({ name, pid }) => `${name} ${pid}`);

async function askHealth({ url }: Service, path = '/health/ready') {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, report: (await response.json()) as HealthReport };
}

/** Every service that depends on it says so, and nobody is thought dead. */
async function isTold({ told, unready }: Dependency): Promise<boolean> {
  const answers = await Promise.all(
    stack.run.services.map(async (service) => {
      const kind = service.kind as keyof typeof told;
      const { status, report } = await askHealth(service);
      const named = (told[kind] ?? []).every((name) => report.checks[name]?.healthy === false);
      const live = await askHealth(service, '/health/live');
      expect(live.status).toBe(200);
      return named && status === (unready.includes(kind) ? 503 : 200);
    }),
  );
  return answers.every(Boolean);
}

async function isWell(): Promise<boolean> {
  const asked = stack.run.services.map((service) => askHealth(service).catch(() => undefined));
  return (await Promise.all(asked)).every((answer) => answer?.report.status === 'ok');
}

/** The accepted files that are not whole, by what is wrong with them. */
async function brokenFiles(token: string, uploaded: Map<string, string>): Promise<string[]> {
  const broken: string[] = [];
  for (const [id, text] of uploaded) {
    const ready = await until(async () => {
      const { body } = await call('GET', `/v1/attachments/${id}`, { token });
      return body.status !== 'pending' && body.status;
    }, PATIENCE_MS).catch(() => 'pending');
    const { status, headers, body } = await call('GET', `/v1/attachments/${id}/content`, { token });
    const at = headers.get('location');
    const held = at ? await (await fetch(at)).text() : body;
    if (ready !== 'ready' || held !== text) broken.push(`${id} ${ready} ${status} ${held}`);
  }
  return broken;
}

const isFine = ({ status }: { status: number | string }) => status === 200 || status === 201;

/** Takes it away and brings it back; gives what that was like. */
async function endure(dependency: Dependency): Promise<object> {
  const from = load.attempts.length;
  const at = performance.now();
  const since = () => Math.round(performance.now() - at);
  away.push(dependency.name);
  await dependency.leave();
  let toldAfterMs: number | undefined;
  try {
    await until(() => isTold(dependency), PATIENCE_MS);
    toldAfterMs = since();
    await Bun.sleep(Math.max(0, OUTAGE_MS - since()));
  } finally {
    await dependency.comeBack();
  }
  const awayMs = since();
  await until(isWell, PATIENCE_MS);
  const wellAfterMs = since() - awayMs;
  await goOn();
  away.push('');
  const during = load.attempts.slice(from);
  const refused: Record<string, number> = {};
  for (const { what, status, code } of during.filter((one) => !isFine(one))) {
    const kind = `${what} ${status} ${code}`;
    refused[kind] = (refused[kind] ?? 0) + 1;
  }
  const slowestMs = Math.max(...during.map(({ ms }) => ms));
  const times = { awayMs, toldAfterMs, wellAfterMs, slowestMs };
  return { away: dependency.name, ...times, asked: during.length, refused };
}

/** Until some more is accepted. */
async function goOn(): Promise<void> {
  const accepted = () => load.attempts.filter(({ status }) => status === 201).length;
  const enough = accepted() + 10;
  await until(() => accepted() >= enough, PATIENCE_MS);
}

async function openConversation({ owner, agent, customer }: People): Promise<string> {
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: SUBJECT, body: 'It begins' },
  });
  const id: string = opened.body.id;
  for (const { token } of [owner, agent, customer]) {
    crowd.follow(token, [`private-conversation-${id}`], 'websocket');
  }
  await crowd.ready();
  return id;
}

async function mailedTo(address: string): Promise<number[]> {
  return (await mailsTo(address))
    .filter(({ subject }) => subject.includes(SUBJECT))
    .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

test.skipIf(!isLocalStack)(
  'each dependency goes away in turn under load: readiness tells, the rest works, nothing accepted is lost',
  async () => {
    const people = await openOrganization();
    const { absent, customer } = people;
    const id = await openConversation(people);
    await until(isWell, PATIENCE_MS);
    const before = pids();
    load = createLoad(customer, id, away);
    const dependencies = listDependencies(stack, servers.pids);
    for (const dependency of dependencies) {
      await goOn();
      console.log(JSON.stringify(await endure(dependency)));
    }
    await load.stop();
    const wanted = Array.from({ length: load.posted() }, (_, n) => n);
    const isComplete = () =>
      crowd.states().every(([, { numbers }]) => numbers.length >= wanted.length);
    await until(isComplete, PATIENCE_MS).catch(() => {});
    const isMailed = async () => (await mailedTo(absent.email)).length >= wanted.length;
    await until(isMailed, 2 * PATIENCE_MS).catch(() => {});
    const broken = await brokenFiles(customer.token, load.uploaded);
    const { gaps, repeated } = crowd.figures;
    const figures = { posted: wanted.length, uploaded: load.uploaded.size, gaps, repeated };
    console.log('away, each in turn:', JSON.stringify(figures));

    const mayRefuse = new Map(dependencies.map(({ name, refused }) => [name, refused]));
    const surprises = load.attempts.filter((one) => {
      const isKnown = one.during.some((name) => mayRefuse.get(name)?.includes(one.what));
      return !isFine(one) && !(one.status === 503 && isKnown);
    });
    expect(surprises).toEqual([]);
    for (const [, { numbers }] of crowd.states()) {
      expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
    }
    expect({ gaps, repeated }).toEqual({ gaps: 0, repeated: 0 });
    expect(await mailedTo(absent.email)).toEqual(wanted);
    expect(broken).toEqual([]);
    expect(pids()).toEqual(before);
  },
  600_000,
);
