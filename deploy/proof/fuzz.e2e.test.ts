import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { call, isKillable, loadRun, password, run } from '../e2e/client.ts';
import { type Operation, operationsOf } from './document.ts';
import { type Furnished, furnish } from './furnish.ts';
import { type Harvest, harvest } from './harvest.ts';
import { hostileBody, hostileHeaders, hostilePath } from './hostile.ts';
import { idSlotsOf } from './id-slots.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const WARM = Math.min(3_000, REQUESTS / 4);
const LANES = 12;
const SHOWN = 20;

const ca = readFileSync(run.ca, 'utf8');
/** What the inside looks like when it shows: stack lines, SQL, names of our parts. */
const inside =
  /\bat [\w.<>]+ \(|\.ts:\d+|node_modules|drizzle|PostgresError|\bselect\b.+\bfrom\b|insert into|violates|relation "|ZodError|TypeError/i;

interface Shot {
  operation: Operation;
  path: string;
  init: RequestInit;
}

let operations: Operation[];
let house: Furnished;
let own: Harvest;
const tally = new Map<number, number>();
const reached = new Map<string, Set<number>>();

beforeAll(async () => {
  operations = operationsOf((await call('GET', '/openapi.json')).body);
  house = await furnish(operations);
  own = await harvest(operations, [house.owner.token], house.unlisted);
}, 120_000);

/** What ends sessions, or asks all of the organisation for a second factor, or ends it. */
const endsOthers = /^\/v1\/(auth\/|organization$|organization\/erasure)/;

/** Mostly somebody's; where it would shut everybody out the customer's, so that others stay. */
function tokenFor({ method, path }: Operation): string | undefined {
  const dice = Math.random();
  if (dice < 0.1) return dice < 0.05 ? undefined : 'not.a.token';
  const isHarmless = method === 'GET' || !endsOthers.test(path);
  const names = isHarmless ? ['owner', 'owner', 'agent', 'customer', 'key'] : ['customer'];
  return house.callers[names[Math.floor(Math.random() * names.length)] ?? ''];
}

function aim(operation: Operation): Shot {
  const slots = idSlotsOf(operation);
  const idFor = (name: string) => {
    const slot = slots.find(({ in: where, at }) => where === 'path' && at[0] === name);
    const callers = Object.values(house.people).map(({ id }) => id);
    // Whoever asks stays a member.
    const ids = (slot ? own.idsFor(operation, slot) : []).filter((id) => !callers.includes(id));
    return ids[Math.floor(Math.random() * ids.length)];
  };
  const token = tokenFor(operation);
  const { raw, headers } = hostileBody(operation);
  return {
    operation,
    path: hostilePath(operation, idFor),
    init: {
      method: operation.method,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...headers,
        ...hostileHeaders(operation),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(raw !== undefined && { body: raw as RequestInit['body'] }),
      tls: { ca },
    } as RequestInit,
  };
}

/** What is wrong with the answer to one request; undefined when nothing is. */
async function shoot({ operation, path, init }: Shot): Promise<string | undefined> {
  const response = await fetch(`${run.url}${path}`, init).catch((error) => String(error));
  if (typeof response === 'string') return `no answer: ${response}`;
  const { status } = response;
  tally.set(status, (tally.get(status) ?? 0) + 1);
  const route = `${operation.method} ${operation.path}`;
  reached.set(route, (reached.get(route) ?? new Set()).add(status));
  const text = await response.text();
  if (status >= 500) return `${status}: ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  if (inside.test(text)) return `shows its inside: ${text.slice(0, 300)}`;
  if (!response.headers.get('content-type')?.startsWith('application/problem+json'))
    return `${status} is no problem: ${text.slice(0, 200)}`;
  const problem = JSON.parse(text);
  const isWhole = problem.status === status && problem.title && problem.code && problem.requestId;
  return isWhole ? undefined : `not a whole problem: ${text.slice(0, 200)}`;
}

/** Sends so many, and tells of those that were answered wrongly. */
async function barrage(count: number): Promise<string[]> {
  const wrong: string[] = [];
  let sent = 0;
  const lane = async () => {
    while (sent < count && wrong.length < SHOWN) {
      const shot = aim(operations[sent++ % operations.length] as Operation);
      const fault = await shoot(shot);
      if (fault)
        wrong.push(
          `${shot.init.method} ${shot.path.slice(0, 200)} ${String(shot.init.body).slice(0, 200)} -> ${fault}`,
        );
      if (sent % 200 === 0) await signInAgain();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return wrong;
}

/** Some of the requests end sessions, as they should. */
async function signInAgain() {
  for (const [name, { email }] of Object.entries(house.people)) {
    const answer = await call('POST', '/v1/auth/login', { body: { email, password } });
    if (answer.status === 200) house.callers[name] = answer.body.accessToken;
  }
}

const apis = () => loadRun().services.filter(({ kind }) => kind === 'api');
const pids = () => apis().map(({ name, pid }) => `${name} ${pid}`);

/** Resident kilobytes of each API process. */
function residents(): number[] {
  return apis().map(({ pid }) => {
    const path = `/proc/${pid}/status`;
    const status = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  });
}

afterAll(() => {
  console.log(`fuzz: ${JSON.stringify(Object.fromEntries([...tally].sort()))}`);
});

test('whatever is sent, the answer is no 5xx, and every error a problem that keeps the inside in', async () => {
  expect(await barrage(WARM)).toEqual([]);
  const before = { pids: pids(), residents: residents() };
  expect(await barrage(REQUESTS - WARM)).toEqual([]);
  const untouched = operations.filter(({ method, path }) => !reached.has(`${method} ${path}`));
  expect(untouched).toEqual([]);
  const well = [...reached.values()].filter((statuses) => [...statuses].some((one) => one < 300));
  expect(well.length).toBeGreaterThan(reached.size / 2);
  if (isKillable) expect(pids()).toEqual(before.pids);
  console.log('resident kB before and after', before.residents, residents());
}, 900_000);
