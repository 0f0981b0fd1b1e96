import { beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  isLocalStack,
  loadRun,
  type Person,
  password,
  registerOwner,
  upload,
} from './client.ts';
import { createCorpus, type MaliciousFile } from './malicious-files/corpus.ts';

/** Damages of each kind in each format; the whole corpus has 200. */
const POINTS = Number(process.env.MALICIOUS_POINTS ?? 3);
const SEED = Number(process.env.MALICIOUS_SEED ?? Date.now() % 1_000_000);
const AT_A_TIME = 4;
const TIMEOUT_MS = 600_000 + POINTS * 20_000;
/** Sooner than a token ends. */
const FRESH_MS = 5 * 60_000;
const INSIDE = /vips|sharp|libav|ffmpeg|\/tmp|node_modules|at \w+ \(/i;
/** What a browser shows or plays without running anything. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[a-z0-9-]+)(;|$)/;
const RUN_BY_BROWSERS = /html|svg|[/+]xml|script|css|multipart|shockwave|java-|wasm/;

let corpus: MaliciousFile[];
let attacker: Person;
beforeAll(async () => {
  [corpus, attacker] = await Promise.all([
    createCorpus({ points: POINTS, seed: SEED }),
    registerOwner(),
  ]);
});

interface Attachment {
  id: string;
  status: 'pending' | 'ready' | 'rejected';
  contentType: string;
  reason?: string;
}

/** All of them, a few at a time. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let item = items[next++]; item; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

const see = async ({ id }: Attachment, { token }: Person) =>
  (await call<Attachment>('GET', `/v1/attachments/${id}`, { token })).body;

let since = performance.now();
/** The whole corpus takes longer than one token. */
async function stayLoggedIn(): Promise<void> {
  if (performance.now() - since < FRESH_MS) return;
  since = performance.now();
  const { email } = attacker;
  const { body } = await call('POST', '/v1/auth/login', { body: { email, password } });
  attacker.token = body.accessToken;
}

/** What became of it once nothing more happens, or the code with which it was refused. */
async function uploadAndWait({ bytes, name }: MaliciousFile): Promise<Attachment | string> {
  const { status, body, headers } = await upload(attacker.token, new Blob([bytes as Buffer]), name);
  if (status !== 201) {
    const isProblem = headers.get('content-type')?.startsWith('application/problem+json');
    const text = JSON.stringify(body);
    if (!isProblem || ![400, 413, 415, 422].includes(status)) return `${status} ${text}`;
    return INSIDE.test(text) ? `words of the inside: ${text}` : body.code;
  }
  return until(
    async () => {
      const seen = await see(body, attacker);
      return seen.status === 'pending' ? undefined : seen;
    },
    { timeoutMs: 120_000 },
  );
}

/** What is wrong with how it is served; undefined when nothing is. */
async function describeViolation(
  { bytes, acceptedTypes }: MaliciousFile,
  { id, contentType }: Attachment,
) {
  if (RUN_BY_BROWSERS.test(contentType)) return `is stored as ${contentType}`;
  if (acceptedTypes && acceptedTypes !== contentType)
    return `is stored as ${contentType}, not ${acceptedTypes}`;
  const response = await fetchContent(id);
  const header = (name: string) => response.headers.get(name) ?? '';
  if (header('content-type') !== contentType) return `is served as ${header('content-type')}`;
  if (header('x-content-type-options') !== 'nosniff') return 'may be sniffed';
  if (!header('content-security-policy').includes('sandbox')) return 'is not in a sandbox';
  const isShown = header('content-disposition').startsWith('inline');
  if (isShown && !SHOWN.test(contentType)) return `is shown as ${contentType}`;
  if (/[\r\n/\\]/.test(/filename="([^"]*)"/.exec(header('content-disposition'))?.[1] ?? '')) {
    return `is saved as ${header('content-disposition')}`;
  }
  const served = Buffer.from(await response.arrayBuffer());
  return served.equals(Buffer.from(bytes)) ? undefined : 'is not what was sent';
}

async function fetchContent(id: string): Promise<Response> {
  const { url, ca } = loadRun();
  const init = {
    tls: { ca: readFileSync(ca, 'utf8') },
    headers: { authorization: `Bearer ${attacker.token}` },
    signal: AbortSignal.timeout(20_000),
  };
  return fetch(`${url}/v1/attachments/${id}/content`, init as RequestInit);
}

const stored: string[] = [];
const watched = () =>
  loadRun().services.flatMap(({ kind, name, pid }) =>
    kind === 'websocket' || !pid ? [] : [{ name, pid }],
  );
/** Before anything was sent. */
const living = watched();

test(
  'each malicious file is stored with its real type or rejected with a reason',
  async () => {
    const violations: string[] = [];
    await forEach(corpus, async (file) => {
      await stayLoggedIn();
      const outcome = await uploadAndWait(file);
      if (typeof outcome !== 'string') stored.push(outcome.id);
      const code = typeof outcome === 'string' ? outcome : outcome.reason;
      const say = (what: string) =>
        violations.push(`${file.what} (${file.name.slice(0, 40)}) ${what}`);
      if (code !== undefined) {
        if (!file.refused?.includes(code)) say(`is refused with ${code}`);
        return;
      }
      if (file.refused && file.acceptedTypes === undefined) return say('is accepted');
      const violation = await describeViolation(file, outcome as Attachment);
      if (violation) say(violation);
    });
    expect({ seed: SEED, violations }).toEqual({ seed: SEED, violations: [] });
  },
  TIMEOUT_MS,
);

test('malicious files crash no service', () => {
  expect(watched()).toEqual(living);
});

const data = dirname(process.env.INSIGHTDESK_RUN ?? '.data/run.json');

test.if(isLocalStack)('rejected files leave nothing in storage', async () => {
  const files = join(data, 'files');
  await until(() => readdirSync(join(files, 'incoming')).length, { equals: 0, timeoutMs: 20_000 });
  const paths = readdirSync(join(files, 'files'), { recursive: true }).map(String);
  const own = paths.filter((path) => path.includes(attacker.organizationId));
  const ids = new Set(own.flatMap((path) => /att_\w+/.exec(path)?.[0] ?? []));
  expect([...ids].filter((id) => !stored.includes(id))).toEqual([]);
  expect(ids.size).toBeGreaterThan(0);
});

/** Processes that a service has begun and that have not ended. */
function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

test.if(isLocalStack && existsSync('/proc/self/task'))(
  'no decoder process is left running',
  async () => {
    await until(() => watched().every(({ pid }) => childrenOf(pid).length === 0), {
      timeoutMs: 30_000,
    });
  },
);

/** All workers stand still meanwhile, so that what is done piles up before them. */
async function whileWorkersRest(work: () => Promise<void>): Promise<void> {
  const pids = watched().flatMap(({ name, pid }) => (name.startsWith('worker') ? [pid] : []));
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

test.if(isLocalStack)(
  'an image of another tenant is processed during a flood of one tenant',
  async () => {
    const neighbour = await registerOwner();
    const image = corpus.find(({ what }) => what === 'a script after a PNG') as MaliciousFile;
    const send = async ({ token }: Person) =>
      (await upload(token, new Blob([image.bytes as Buffer]), 'a.png')).body as Attachment;
    const flood: Attachment[] = [];
    let last: Attachment | undefined;
    await whileWorkersRest(async () => {
      // More than the workers take at a time, ten each.
      await forEach(Array(40).fill(attacker), async (who) => flood.push(await send(who)));
      last = await send(neighbour);
    });
    const own = last as unknown as Attachment;
    await until(async () => (await see(own, neighbour)).status, {
      equals: 'ready',
      timeoutMs: 120_000,
    });
    const seen = await Promise.all(flood.map((one) => see(one, attacker)));
    expect(seen.filter(({ status }) => status === 'pending').length).toBeGreaterThan(0);
  },
);
