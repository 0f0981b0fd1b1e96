import { call, password, run, tlsOptions } from '../e2e/client.ts';
import { type CollectedIds, collectIds } from './collect-ids.ts';
import { type Operation, operationsOf } from './document.ts';
import { listIdParams } from './id-params.ts';
import { createBody, createHeaders, createPath } from './malicious-inputs.ts';
import { type SeededOrganization, seedOrganization } from './seed.ts';

const CONCURRENCY = 12;
const MAX_PROBLEMS = 20;

/** Stack lines, SQL and internal names, which no response may contain. */
const internals =
  /\bat [\w.<>]+ \(|\.ts:\d+|node_modules|drizzle|PostgresError|\bselect\b.+\bfrom\b|insert into|violates|relation "|ZodError|TypeError/i;

/** Routes that end sessions, require a second factor or delete the organization. */
const affectsOthers = /^\/v1\/(auth\/|organization$|organization\/erasure)/;

interface FuzzRequest {
  operation: Operation;
  path: string;
  init: RequestInit;
}

export interface FuzzDriver {
  /** The statuses of each route, such as `GET /v1/me`. */
  answered: ReadonlyMap<string, ReadonlySet<number>>;
  /** The number of responses by status. */
  tally: ReadonlyMap<number, number>;
  /** Sends that many malicious requests to all routes in turn; returns a line for each wrong response. */
  send(count: number): Promise<string[]>;
}

/** Sends malicious requests to every route of the OpenAPI document, in a seeded organization. */
export async function createFuzzDriver(): Promise<FuzzDriver> {
  const operations = operationsOf((await call('GET', '/openapi.json')).body);
  const organization = await seedOrganization(operations);
  const own = await collectIds(operations, [organization.owner.token], organization.unlisted);
  const tally = new Map<number, number>();
  const answered = new Map(operations.map((one) => [routeOf(one), new Set<number>()] as const));

  async function sendRequest(request: FuzzRequest): Promise<string | undefined> {
    const response = await fetch(`${run.url}${request.path}`, request.init).catch(String);
    if (typeof response === 'string') return `no response: ${response}`;
    const { status } = response;
    tally.set(status, (tally.get(status) ?? 0) + 1);
    answered.get(routeOf(request.operation))?.add(status);
    return findProblem(response);
  }

  return {
    answered,
    tally,
    async send(count) {
      const problems: string[] = [];
      let sent = 0;
      const worker = async () => {
        while (sent < count && problems.length < MAX_PROBLEMS) {
          const request = createRequest(
            operations[sent++ % operations.length] as Operation,
            organization,
            own,
          );
          const problem = await sendRequest(request);
          if (problem) problems.push(`${textOf(request)} -> ${problem}`);
          if (sent % 200 === 0) await loginAgain(organization);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      return problems;
    },
  };
}

const routeOf = ({ method, path }: Operation) => `${method} ${path}`;

const textOf = ({ path, init }: FuzzRequest) =>
  `${init.method} ${path.slice(0, 200)} ${String(init.body).slice(0, 200)}`;

function createRequest(
  operation: Operation,
  organization: SeededOrganization,
  own: CollectedIds,
): FuzzRequest {
  const params = listIdParams(operation);
  const callers = Object.values(organization.people).map(({ id }) => id);
  const idFor = (name: string) => {
    const param = params.find(({ in: where, at }) => where === 'path' && at[0] === name);
    // The callers stay members.
    return pickRandom(
      (param ? own.idsFor(operation, param) : []).filter((id) => !callers.includes(id)),
    );
  };
  const token = tokenFor(operation, organization);
  const { raw, headers } = createBody(operation);
  return {
    operation,
    path: createPath(operation, idFor),
    init: {
      method: operation.method,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...headers,
        ...createHeaders(operation),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(raw !== undefined && { body: raw as RequestInit['body'] }),
      tls: tlsOptions,
    } as RequestInit,
  };
}

const pickRandom = <T>(values: readonly T[]) => values[Math.floor(Math.random() * values.length)];

/** A random caller's token; the customer's for routes that would log out everyone else. */
function tokenFor(
  { method, path }: Operation,
  { callers }: SeededOrganization,
): string | undefined {
  const random = Math.random();
  if (random < 0.1) return random < 0.05 ? undefined : 'not.a.token';
  const isHarmless = method === 'GET' || !affectsOthers.test(path);
  const names = isHarmless ? ['owner', 'owner', 'agent', 'customer', 'key'] : ['customer'];
  return callers[pickRandom(names) ?? ''];
}

/** Describes what is wrong with a response; undefined if nothing is. */
async function findProblem(response: Response): Promise<string | undefined> {
  const { status, headers } = response;
  const text = await response.text();
  if (status >= 500) return `${status}: ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  if (internals.test(text)) return `shows its internals: ${text.slice(0, 300)}`;
  if (!headers.get('content-type')?.startsWith('application/problem+json'))
    return `${status} is not a problem document: ${text.slice(0, 200)}`;
  const problem = JSON.parse(text);
  const isWhole = problem.status === status && problem.title && problem.code && problem.requestId;
  return isWhole ? undefined : `incomplete problem document: ${text.slice(0, 200)}`;
}

/** Some of the requests end sessions, as they should. */
async function loginAgain({ people, callers }: SeededOrganization): Promise<void> {
  for (const [name, { email }] of Object.entries(people)) {
    const answer = await call('POST', '/v1/auth/login', { body: { email, password } });
    if (answer.status === 200) callers[name] = answer.body.accessToken;
  }
}
