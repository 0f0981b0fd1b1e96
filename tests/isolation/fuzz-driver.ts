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
  statusesByRoute: ReadonlyMap<string, ReadonlySet<number>>;
  /** The number of responses by status. */
  countByStatus: ReadonlyMap<number, number>;
  /** Sends that many malicious requests to all routes in turn; returns a line for each wrong response. */
  send(count: number): Promise<string[]>;
}

/** Sends malicious requests to every route of the OpenAPI document, in a seeded organization. */
export async function createFuzzDriver(): Promise<FuzzDriver> {
  const operations = operationsOf((await call('GET', '/openapi.json')).body);
  const organization = await seedOrganization(operations);
  const ownIds = await collectIds(operations, [organization.owner.token], organization.unlisted);
  const countByStatus = new Map<number, number>();
  const statusesByRoute = new Map(
    operations.map((operation) => [routeOf(operation), new Set<number>()] as const),
  );

  async function sendRequest(request: FuzzRequest): Promise<string | undefined> {
    const response = await fetch(`${run.url}${request.path}`, request.init).catch(String);
    if (typeof response === 'string') return `no response: ${response}`;
    const { status } = response;
    countByStatus.set(status, (countByStatus.get(status) ?? 0) + 1);
    statusesByRoute.get(routeOf(request.operation))?.add(status);
    return findProblem(response);
  }

  return {
    statusesByRoute,
    countByStatus,
    async send(count) {
      const problems: string[] = [];
      let sent = 0;
      const worker = async () => {
        while (sent < count && problems.length < MAX_PROBLEMS) {
          const request = createRequest(
            operations[sent++ % operations.length] as Operation,
            organization,
            ownIds,
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
  ownIds: CollectedIds,
): FuzzRequest {
  const params = listIdParams(operation);
  const callers = Object.values(organization.people).map(({ id }) => id);
  const idFor = (name: string) => {
    const param = params.find(
      ({ in: where, location }) => where === 'path' && location[0] === name,
    );
    // Callers are never removed or changed.
    return pickRandom(
      (param ? ownIds.idsFor(operation, param) : []).filter((id) => !callers.includes(id)),
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

/** The token of a random caller; of the customer for routes that would log out all others. */
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

/** Describes the error in a response; undefined if it is correct. */
async function findProblem(response: Response): Promise<string | undefined> {
  const { status, headers } = response;
  const text = await response.text();
  if (status >= 500) return `${status}: ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  if (internals.test(text)) return `contains internals: ${text.slice(0, 300)}`;
  if (!headers.get('content-type')?.startsWith('application/problem+json'))
    return `${status} is not a problem document: ${text.slice(0, 200)}`;
  const problem = JSON.parse(text);
  const isComplete =
    problem.status === status && problem.title && problem.code && problem.requestId;
  return isComplete ? undefined : `incomplete problem document: ${text.slice(0, 200)}`;
}

/** Some requests end the sessions of callers. */
async function loginAgain({ people, callers }: SeededOrganization): Promise<void> {
  for (const [name, { email }] of Object.entries(people)) {
    const response = await call('POST', '/v1/auth/login', { body: { email, password } });
    if (response.status === 200) callers[name] = response.body.accessToken;
  }
}
