import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, type Role, rolesThatMay } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { createTestDatabase, createTestTenant, userOf } from '@insightdesk/shared/testing';
import { z } from 'zod';
import type { Route } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createQueryPlans, type PlanMode, type Statement } from '../../testing/query-plans.ts';
import { seedLargeTenant } from '../../testing/seed-large-tenant.ts';

/** A page is what a statement is for, so it may look at ten rows for each row of one. */
const PAGE = 26;
const MOST = 10;
/** The search looks at so many of the newest before it asks its index. */
const SEARCH_WINDOW = 1_000;

// Of its own: what it fills tables with would mislead the planner for other tests.
const place = await createTestDatabase();
const sent: Statement[] = [];
const observed = createDatabase({
  url: place.url,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
  observe: (query, parameters) => sent.push({ query, parameters }),
});
const { context, request, close } = createIntegrationApi(
  undefined,
  { context: (call) => ({ ...context, ...call, database: observed }) },
  place.url,
);
const plans = createQueryPlans(place.url);
const callers = {} as Record<Role, Context>;
let ids: Id[] = [];

beforeAll(async () => {
  for (const _ of ['another tenant', 'the one that asks']) {
    const { owner, member, tenantId } = await createTestTenant(context);
    const customer = await member('customer');
    Object.assign(callers, { owner, customer });
    const made = await seedLargeTenant(place.adminUrl, tenantId, userOf(owner), userOf(customer));
    ids = [made.conversation, made.webhook, userOf(owner)];
  }
});

afterAll(async () => {
  await observed.close();
  await plans.close();
  await close();
  await place.drop();
});

/** Texts that filters may be given, by their names; a new filter of text needs its own here. */
const texts: Record<string, string[]> = {
  tag: ['rare', 'usual', 'none'],
  action: ['member.removed', 'session.opened', 'none'],
  actorId: ['worker', 'nobody'],
  since: ['2026-06-01T00:00:00Z', '2999-01-01T00:00:00Z'],
  until: ['2026-01-02T00:00:00Z', '2026-03-01T00:00:00Z'],
  q: ['zebra', 'parcel', 'xylophone', 'z', '%', '%%%', 'e'],
};

const lists = routes.filter(({ method, responses }) => method === 'GET' && isList(responses[200]));

function isList(answer: Route['responses'][number]): boolean {
  return answer instanceof z.ZodObject && answer.shape.items instanceof z.ZodArray;
}

/** Every input that asks for one thing: nothing, or one filter with each of its values. */
function inputsOf({ input, path }: Route): Record<string, unknown>[] {
  const {
    limit: _,
    cursor: __,
    ...fields
  } = (input as z.ZodObject).shape as Record<string, z.ZodType>;
  const inPath = Object.keys(fields).filter((name) => path.includes(`:${name}`));
  const base = Object.fromEntries(inPath.map((name) => [name, idFor(fields[name] as z.ZodType)]));
  const filters = Object.entries(fields).filter(([name]) => !inPath.includes(name));
  const asked = filters.flatMap(([name, schema]) =>
    valuesFor(name, schema).map((value) => ({ ...base, [name]: value })),
  );
  return [base, ...asked];
}

const idFor = (schema: z.ZodType) => ids.find((id) => schema.safeParse(id).success);

function valuesFor(name: string, schema: z.ZodType): unknown[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  if (inner instanceof z.ZodEnum) return inner.options;
  const id = idFor(inner);
  const values = texts[name] ?? (id ? [id] : []);
  if (values.length === 0) throw new Error(`The plans of a list by ${name} are not looked at`);
  return values;
}

/** The statements of the first page and, when there is one, of the second. */
async function statementsFor(route: Route, caller: Context, input: Record<string, unknown>) {
  const {
    tenantId,
    actor,
    security: { tokens },
  } = caller;
  if (!tenantId || actor.kind !== 'user') throw new Error('Nobody asks');
  const { token } = await tokens.signAccess({ ...actor, tenantId });
  const path = route.path.replace(/:(\w+)/g, (_, name) => String(input[name]));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (!route.path.includes(`:${name}`)) query.set(name, String(value));
  }
  const all: Statement[] = [];
  for (let page = 0; page < 2; page++) {
    sent.length = 0;
    const answer = await request('GET', `${path}?${query}`, { as: token });
    expect(answer.status).toBe(200);
    all.push(...sent.filter((statement) => !statement.query.includes('app.enter')));
    const { nextCursor } = (await answer.json()) as { nextCursor: string | null };
    if (nextCursor === null) break;
    query.set('cursor', nextCursor);
  }
  return all;
}

test('there are lists', () => {
  expect(lists.length).toBeGreaterThanOrEqual(4);
});

for (const route of lists) {
  for (const role of ['owner', 'customer'] as const) {
    if (route.allow !== 'anyone' && !rolesThatMay(route.allow).includes(role)) continue;
    test(`${route.path} as ${role} looks at little more than it shows`, async () => {
      const caller = callers[role];
      for (const input of inputsOf(route)) {
        if (role === 'customer' && 'tag' in input) continue;
        for (const statement of await statementsFor(route, caller, input)) {
          for (const mode of ['first', 'often'] as PlanMode[]) {
            const { rows, removed, fetched } = await plans.effortOf(caller, statement, mode);
            const most = MOST * Math.max(rows, PAGE);
            const isSearch = statement.query.includes('app.find_conversations');
            const told = JSON.stringify({ input, mode, rows, query: statement.query });
            expect(removed, told).toBeLessThanOrEqual(most);
            expect(fetched, told).toBeLessThanOrEqual(
              isSearch ? SEARCH_WINDOW + 2 * most : 3 * most,
            );
          }
        }
      }
    });
  }
}
