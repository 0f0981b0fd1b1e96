import { call, password, run, tlsOptions } from '../e2e/client.ts';
import { type Harvest, harvest } from './collect-ids.ts';
import { type Operation, operationsOf } from './document.ts';
import { idSlotsOf } from './id-params.ts';
import { hostileBody, hostileHeaders, hostilePath } from './malicious-inputs.ts';
import { type Furnished, furnish } from './seed.ts';

const LANES = 12;
const SHOWN = 20;

/** What the inside looks like when it shows: stack lines, SQL, names of our parts. */
const inside =
  /\bat [\w.<>]+ \(|\.ts:\d+|node_modules|drizzle|PostgresError|\bselect\b.+\bfrom\b|insert into|violates|relation "|ZodError|TypeError/i;

/** What ends sessions, or asks all of the organisation for a second factor, or ends it. */
const endsOthers = /^\/v1\/(auth\/|organization$|organization\/erasure)/;

interface Shot {
  operation: Operation;
  path: string;
  init: RequestInit;
}

export interface Barrage {
  /** Routes such as `GET /v1/me`, and with what they have answered. */
  answered: ReadonlyMap<string, ReadonlySet<number>>;
  /** How often each status was answered. */
  tally: ReadonlyMap<number, number>;
  /** Sends so many hostile requests to all routes in turn, and tells of those that were answered wrongly. */
  send(count: number): Promise<string[]>;
}

/** Hostile requests to every route of the document, in an organisation that has something of everything. */
export async function openBarrage(): Promise<Barrage> {
  const operations = operationsOf((await call('GET', '/openapi.json')).body);
  const house = await furnish(operations);
  const own = await harvest(operations, [house.owner.token], house.unlisted);
  const tally = new Map<number, number>();
  const answered = new Map(operations.map((one) => [routeOf(one), new Set<number>()] as const));

  async function shoot(shot: Shot): Promise<string | undefined> {
    const response = await fetch(`${run.url}${shot.path}`, shot.init).catch(String);
    if (typeof response === 'string') return `no answer: ${response}`;
    const { status } = response;
    tally.set(status, (tally.get(status) ?? 0) + 1);
    answered.get(routeOf(shot.operation))?.add(status);
    return faultOf(response);
  }

  return {
    answered,
    tally,
    async send(count) {
      const wrong: string[] = [];
      let sent = 0;
      const lane = async () => {
        while (sent < count && wrong.length < SHOWN) {
          const shot = aim(operations[sent++ % operations.length] as Operation, house, own);
          const fault = await shoot(shot);
          if (fault) wrong.push(`${textOf(shot)} -> ${fault}`);
          if (sent % 200 === 0) await signInAgain(house);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return wrong;
    },
  };
}

const routeOf = ({ method, path }: Operation) => `${method} ${path}`;

const textOf = ({ path, init }: Shot) =>
  `${init.method} ${path.slice(0, 200)} ${String(init.body).slice(0, 200)}`;

function aim(operation: Operation, house: Furnished, own: Harvest): Shot {
  const slots = idSlotsOf(operation);
  const callers = Object.values(house.people).map(({ id }) => id);
  const idFor = (name: string) => {
    const slot = slots.find(({ in: where, at }) => where === 'path' && at[0] === name);
    // Whoever asks stays a member.
    return anyOf((slot ? own.idsFor(operation, slot) : []).filter((id) => !callers.includes(id)));
  };
  const token = tokenFor(operation, house);
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
      tls: tlsOptions,
    } as RequestInit,
  };
}

const anyOf = <T>(values: readonly T[]) => values[Math.floor(Math.random() * values.length)];

/** Mostly somebody's; where it would shut everybody out the customer's, so that others stay. */
function tokenFor({ method, path }: Operation, { callers }: Furnished): string | undefined {
  const dice = Math.random();
  if (dice < 0.1) return dice < 0.05 ? undefined : 'not.a.token';
  const isHarmless = method === 'GET' || !endsOthers.test(path);
  const names = isHarmless ? ['owner', 'owner', 'agent', 'customer', 'key'] : ['customer'];
  return callers[anyOf(names) ?? ''];
}

/** What is wrong with an answer; undefined when nothing is. */
async function faultOf(response: Response): Promise<string | undefined> {
  const { status, headers } = response;
  const text = await response.text();
  if (status >= 500) return `${status}: ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  if (inside.test(text)) return `shows its inside: ${text.slice(0, 300)}`;
  if (!headers.get('content-type')?.startsWith('application/problem+json'))
    return `${status} is no problem: ${text.slice(0, 200)}`;
  const problem = JSON.parse(text);
  const isWhole = problem.status === status && problem.title && problem.code && problem.requestId;
  return isWhole ? undefined : `not a whole problem: ${text.slice(0, 200)}`;
}

/** Some of the requests end sessions, as they should. */
async function signInAgain({ people, callers }: Furnished): Promise<void> {
  for (const [name, { email }] of Object.entries(people)) {
    const answer = await call('POST', '/v1/auth/login', { body: { email, password } });
    if (answer.status === 200) callers[name] = answer.body.accessToken;
  }
}
