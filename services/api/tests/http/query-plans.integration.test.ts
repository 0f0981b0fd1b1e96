import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, type Role, rolesWithPermission } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { createTestDatabase, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import type { Route } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createQueryPlans, type PlanMode, type Statement } from '../../testing/query-plans.ts';
import { seedLargeTenant } from '../../testing/seed-large-tenant.ts';

/** Rows of a page, including the one that tells whether another page follows. */
const PAGE = 26;
/** Rows that a statement may read for each row of a page. */
const MAX_ROWS_PER_RESULT = 10;
/** Newest rows that a search scans before it uses its index. */
const SEARCH_WINDOW = 1_000;

// A database of its own: its rows would change the query plans of other tests.
const testDatabase = await createTestDatabase();
const statements: Statement[] = [];
const observedDatabase = createDatabase({
  url: testDatabase.url,
  readers: 1,
  writers: 1,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
  observe: (query, parameters) => statements.push({ query, parameters }),
});
const { context, request, close } = createIntegrationApi(
  undefined,
  { context: (call) => ({ ...context, ...call, database: observedDatabase }) },
  testDatabase.url,
);
const plans = createQueryPlans(testDatabase.url);
const contexts = {} as Record<Role, Context>;
let ids: Id[] = [];
/** Ids for parameters that need another resource with the same prefix. */
let idsByPath: Record<string, Id> = {};

beforeAll(async () => {
  for (const _ of ['another tenant', 'the tenant of the requests']) {
    const { owner, member, tenantId } = await createTestTenant(context);
    const customer = await member('customer');
    Object.assign(contexts, { owner, customer });
    const seeded = await seedLargeTenant(
      testDatabase.adminUrl,
      tenantId,
      userIdOf(owner),
      userIdOf(customer),
    );
    ids = [seeded.conversation, seeded.webhook, userIdOf(owner), seeded.message];
    idsByPath = { '/v1/contacts/:id/merges': userIdOf(customer) };
  }
});

afterAll(async () => {
  await observedDatabase.close();
  await plans.close();
  await close();
  await testDatabase.drop();
});

/** Values of text filters by name; a new text filter needs an entry. */
const filterValues: Record<string, string[]> = {
  tag: ['rare', 'common', 'none'],
  action: ['member.removed', 'session.created', 'none'],
  actorId: ['worker', 'none'],
  since: ['2026-06-01T00:00:00Z', '2999-01-01T00:00:00Z'],
  until: ['2026-01-02T00:00:00Z', '2026-03-01T00:00:00Z'],
  status: ['open', 'snoozed', 'snoozed,closed'],
  sort: ['number', 'activity'],
  companyId: [newId('cmp')],
  property: ['plan:pro'],
  q: ['zebra', 'parcel', 'xylophone', 'z', '%', '%%%', 'e'],
};

const lists = routes.filter(({ method, responses }) => method === 'GET' && isList(responses[200]));

function isList(answer: Route['responses'][number]): boolean {
  return answer instanceof z.ZodObject && answer.shape.items instanceof z.ZodArray;
}

/** Inputs with no filter, and with each value of one filter. */
function inputsOf({ input, path }: Route): Record<string, unknown>[] {
  const {
    limit: _,
    cursor: __,
    ...fields
  } = (input as z.ZodObject).shape as Record<string, z.ZodType>;
  const inPath = Object.keys(fields).filter((name) => path.includes(`:${name}`));
  const base = Object.fromEntries(
    inPath.map((name) => [name, idsByPath[path] ?? idFor(fields[name] as z.ZodType)]),
  );
  const filters = Object.entries(fields).filter(([name]) => !inPath.includes(name));
  const filtered = filters.flatMap(([name, schema]) =>
    valuesFor(name, schema).map((value) => ({ ...base, [name]: value })),
  );
  return [base, ...filtered];
}

const idFor = (schema: z.ZodType) => ids.find((id) => schema.safeParse(id).success);

function valuesFor(name: string, schema: z.ZodType): unknown[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  if (inner instanceof z.ZodEnum) return inner.options;
  const id = idFor(inner);
  const values = filterValues[name] ?? (id ? [id] : []);
  if (values.length === 0) throw new Error(`No test values for the filter ${name}`);
  return values;
}

/** The statements of the first two pages. */
async function statementsFor(route: Route, caller: Context, input: Record<string, unknown>) {
  const {
    tenantId,
    actor,
    security: { tokens },
  } = caller;
  if (!tenantId || actor.kind !== 'user') throw new Error('The context has no user');
  const { token } = await tokens.signAccess({ ...actor, tenantId });
  const path = route.path.replace(/:(\w+)/g, (_, name) => String(input[name]));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (!route.path.includes(`:${name}`)) query.set(name, String(value));
  }
  const all: Statement[] = [];
  for (let page = 0; page < 2; page++) {
    statements.length = 0;
    const answer = await request('GET', `${path}?${query}`, { as: token });
    expect(answer.status).toBe(200);
    all.push(...statements.filter((statement) => !statement.query.includes('app.authorize')));
    const { nextCursor } = (await answer.json()) as { nextCursor: string | null };
    if (nextCursor === null) break;
    query.set('cursor', nextCursor);
  }
  return all;
}

test('query plans: the route table has list routes', () => {
  expect(lists.length).toBeGreaterThanOrEqual(4);
});

for (const route of lists) {
  for (const role of ['owner', 'customer'] as const) {
    if (route.allow !== 'anyone' && !rolesWithPermission(route.allow).includes(role)) continue;
    test(`GET ${route.path} as ${role}: statements read few rows besides those of the page`, async () => {
      const caller = contexts[role];
      for (const input of inputsOf(route)) {
        if (role === 'customer' && ('tag' in input || 'customerId' in input)) continue;
        for (const statement of await statementsFor(route, caller, input)) {
          for (const mode of ['custom', 'generic'] as PlanMode[]) {
            const { rows, removed, fetched } = await plans.costOf(caller, statement, mode);
            const maxRows = MAX_ROWS_PER_RESULT * Math.max(rows, PAGE);
            const isSearch = /app\.(search_conversations|find_contacts)/.test(statement.query);
            const message = JSON.stringify({ input, mode, rows, query: statement.query });
            expect(removed, message).toBeLessThanOrEqual(maxRows);
            expect(fetched, message).toBeLessThanOrEqual(
              isSearch ? SEARCH_WINDOW + 2 * maxRows : 3 * maxRows,
            );
          }
        }
      }
    });
  }
}
