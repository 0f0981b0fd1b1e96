import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { createTestDirectory } from '../local/tests/test-directory.ts';
import { type Dependency, listDependencies, startServers } from './away/dependencies.ts';
import { createLoad } from './away/load.ts';
import { call, isLocalStack, loadRun, mailsTo, openOrganization, until } from './client.ts';
import { createCrowd } from './followers.ts';
import { openPrivateStack } from './private-stack.ts';

/** At least; and until the services have told that it is away. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1000;
const PATIENCE_MS = 60_000;

const directory = createTestDirectory();
const crowd = createCrowd(async () => []);
let servers: Awaited<ReturnType<typeof startServers>>;
let stack: Awaited<ReturnType<typeof openPrivateStack>>;

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
}, 60_000);

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

test.skipIf(!isLocalStack)(
  'each dependency goes away in turn under load: readiness tells, the rest works, nothing accepted is lost',
  async () => {
    const { owner, agent, absent, customer } = await openOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'An outage', body: 'It begins' },
    });
    const id: string = opened.body.id;
    for (const { token } of [owner, agent, customer]) {
      crowd.follow(token, [`private-conversation-${id}`], 'websocket');
    }
    await crowd.ready();
    await until(isWell, PATIENCE_MS);
    const before = pids();

    let away = '';
    const load = createLoad(customer, id, () => away);
    const goOn = (count: number) => {
      const enough = load.attempts.filter(({ status }) => status === 201).length + count;
      const accepted = () => load.attempts.filter(({ status }) => status === 201).length;
      return until(() => accepted() >= enough, PATIENCE_MS);
    };
    const dependencies = listDependencies(stack, servers.pids);
    const lines: Record<string, unknown>[] = [];
    for (const dependency of dependencies) {
      await goOn(10);
      const from = load.attempts.length;
      away = dependency.name;
      const at = performance.now();
      const since = () => Math.round(performance.now() - at);
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
      await goOn(10);
      away = '';
      const during = load.attempts.slice(from);
      const refused = during.filter(({ status }) => status !== 201 && status !== 200);
      const slowest = Math.max(...during.map(({ ms }) => ms));
      const kinds = Object.entries(
        Object.groupBy(refused, ({ what, status, code }) => `${what} ${status} ${code}`),
      ).map(([kind, those]) => `${kind}: ${those?.length}`);
      const line = { ...{ away: dependency.name, awayMs, toldAfterMs, wellAfterMs }, slowest };
      lines.push({ ...line, asked: during.length, refused: kinds });
      console.log('away:', JSON.stringify(lines.at(-1)));
    }
    await load.stop();
    const wanted = Array.from({ length: load.posted() }, (_, n) => n);
    const isComplete = () =>
      crowd.states().every(([, { numbers }]) => numbers.length >= wanted.length);
    await until(isComplete, PATIENCE_MS).catch(() => {});
    const mailed = async () =>
      (await mailsTo(absent.email))
        .filter(({ subject }) => subject.includes('An outage'))
        .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    await until(async () => (await mailed()).length >= wanted.length, 120_000).catch(() => {});
    const broken = await brokenFiles(customer.token, load.uploaded);
    const figures = { posted: wanted.length, uploaded: load.uploaded.size, ...crowd.figures };
    console.log('away, in all:', JSON.stringify(figures));

    const mayFail = new Map(dependencies.map(({ name, refused }) => [name, refused]));
    const surprises = load.attempts.filter(({ what, status, during }) => {
      if (status === 200 || status === 201) return false;
      return status !== 503 || !during.some((name) => mayFail.get(name)?.includes(what));
    });
    expect(surprises).toEqual([]);
    for (const [, { numbers }] of crowd.states()) {
      expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
    }
    expect(crowd.figures).toMatchObject({ gaps: 0, repeated: 0 });
    expect(await mailed()).toEqual(wanted);
    expect(broken).toEqual([]);
    expect(pids()).toEqual(before);
  },
  600_000,
);
