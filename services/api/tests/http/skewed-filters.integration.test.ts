import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase } from '@insightdesk/shared/database';
import { listConversations } from '@insightdesk/shared/domain/desk/conversations';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
  userIdOf,
} from '@insightdesk/shared/testing';
import { createQueryPlans, type Statement } from '../../testing/query-plans.ts';

const CONVERSATIONS = 10_000;
/** Conversations with a rare value; a page has 26 rows. */
const RARE = 20;
const MAX_ROWS = 10 * 26;
/** Pages of 8 KB: for each row one, and some for its people and what was read of it; a few for each index scan. */
const MAX_BUFFERS = 80 + 26 * 12;
/** Filters that no index has together are applied to this many conversations per page. */
const MAX_CANDIDATES = 1_000;

const testDatabase = await createTestDatabase();
const statements: Statement[] = [];
const database = createDatabase({
  url: testDatabase.url,
  readers: 1,
  writers: 1,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
  observe: (query, parameters) => statements.push({ query, parameters }),
});
const { context, close } = createTestContext(testDatabase.url);
const plans = createQueryPlans(testDatabase.url);
let owner: Context;
let customer: Context;
let otherCustomer: Context;

beforeAll(async () => {
  const tenant = await createTestTenant(context);
  owner = { ...tenant.owner, database };
  customer = { ...(await tenant.member('customer')), database };
  otherCustomer = { ...(await tenant.member('customer')), database };
  const [tenantId, ownerId, customerId] = [
    toUuid(tenant.tenantId),
    toUuid(userIdOf(owner)),
    toUuid(userIdOf(customer)),
  ];
  const admin = connect(testDatabase.adminUrl, { timeoutMs: 60_000 });
  // All of one customer, one assignee and one tag, and at first of one status and one priority: the
  // statistics know no other value, as with a sample of a few rare ones.
  await admin`set session_replication_role = replica`;
  await admin`insert into conversations
      (tenant_id, id, number, subject, status, priority, customer_id, assignee_id, tags)
    select ${tenantId}, gen_random_uuid(), n, 'Parcel ' || n, 'open', 'normal', ${customerId},
      ${ownerId}, array['common'] from generate_series(1, ${CONVERSATIONS}::int) n`;
  await admin`insert into conversation_tags select tenant_id, 'common', number, id from conversations`;
  await admin`vacuum analyze`;
  // Half of the conversations are closed, half of all urgent, and few are both; few are snoozed.
  await admin`update conversations set status = case when number <= ${RARE} then 'closed'
      when number % 1000 = 0 then 'snoozed' when number % 2 = 0 then 'closed' else 'open' end,
    priority = case when number <= ${RARE} or number % 2 = 1 then 'urgent'
      when number % 1000 = 500 then 'low' else 'normal' end`;
  // The statistics know no unassigned one, and nothing of another customer.
  await admin`update conversations set assignee_id = null where number % 1000 = 901`;
  await admin`update conversations set customer_id = ${toUuid(userIdOf(otherCustomer))}
    where number % 1000 = 903`;
  await admin`vacuum conversations`;
  await admin.end();
});

afterAll(async () => {
  await Promise.all([database.close(), plans.close(), close()]);
  await testDatabase.drop();
});

/** The costs of the statements of one page. */
async function costsOf(as: Context, filters: Parameters<typeof listConversations>[1]) {
  statements.length = 0;
  const page = await listConversations(as, filters);
  const sent = statements.filter(({ query }) => !/app\.authorize|set_config/.test(query));
  const costs = [];
  for (const statement of sent) costs.push(await plans.costOf(as, statement, 'generic'));
  return { page, costs };
}

const [rareStatus, rarePriority] = [{ status: 'snoozed' }, { priority: 'low' }] as const;
const rareTogether = { status: 'closed', priority: 'urgent' } as const;
const assignee = () => ({ assigneeId: userIdOf(owner) });

test.each([
  ['of a rare status', () => rareStatus],
  ['of a rare priority', () => rarePriority],
  ['of two common values that are rare together', () => rareTogether],
  [
    'of a rare status and a common priority',
    () => ({ ...rareStatus, priority: 'normal' as const }),
  ],
  ['of an assignee with a rare status', () => ({ ...assignee(), ...rareStatus })],
  ['of an assignee with a rare priority', () => ({ ...assignee(), ...rarePriority })],
  ['of an assignee with a rare pair', () => ({ ...assignee(), ...rareTogether })],
  ['of a rare status or another', () => ({ status: 'snoozed,pending' })],
  [
    'of an assignee with a rare status or another',
    () => ({ ...assignee(), status: 'snoozed,pending' }),
  ],
])('listConversations %s reads few rows, as staff and as a customer', async (_, filters) => {
  for (const as of [owner, customer]) {
    const { assigneeId: _assignee, ...own } = { assigneeId: undefined, ...filters() };
    const { page, costs } = await costsOf(as, as === owner ? filters() : own);
    expect(page.items.length).toBeGreaterThan(0);
    expect(page.nextCursor).toBeNull();
    for (const { fetched, removed, buffers } of costs) {
      expect(fetched).toBeLessThanOrEqual(MAX_ROWS);
      expect(removed).toBeLessThanOrEqual(MAX_ROWS);
      expect(buffers).toBeLessThanOrEqual(MAX_BUFFERS);
    }
  }
});

test.each([
  ['unassigned', { assigneeId: 'none' }],
  ['by activity', { sort: 'activity', limit: 10 }],
] as const)('listConversations %s reads few rows', async (_, filters) => {
  const { page, costs } = await costsOf(owner, filters);
  expect(page.items.length).toBe(10);
  for (const { fetched, removed } of costs) {
    expect([fetched, removed].map((rows) => rows <= MAX_ROWS)).toEqual([true, true]);
  }
});

test('listConversations of a customer by activity reads the rows of that customer', async () => {
  for (const [as, filters] of [
    [otherCustomer, {}],
    [owner, { customerId: userIdOf(otherCustomer) }],
  ] as const) {
    const { page, costs } = await costsOf(as, { ...filters, sort: 'activity' });
    expect(page.items.length).toBe(10);
    for (const { fetched } of costs) expect(fetched).toBeLessThanOrEqual(MAX_ROWS);
  }
});

test.each([
  ['of a tag with a rare status', () => owner, { tag: 'common', ...rareStatus }],
  ['of a customer with an assignee', () => customer, { ...rareTogether, assigneeId: undefined }],
  ['of a rare status by activity', () => owner, { ...rareStatus, sort: 'activity' }],
] as const)(
  'listConversations %s reads a limited number of rows per page and misses none',
  async (_, as, given) => {
    const filters = 'assigneeId' in given ? { ...given, ...assignee() } : given;
    const numbers: number[] = [];
    let pages = 0;
    for (let cursor: string | null | undefined; cursor !== null; pages++) {
      const { page, costs } = await costsOf(as(), { ...filters, ...(cursor && { cursor }) });
      for (const { fetched } of costs) expect(fetched).toBeLessThanOrEqual(2 * MAX_CANDIDATES);
      numbers.push(...page.items.map(({ number }) => number));
      cursor = page.nextCursor;
    }
    expect(pages).toBeGreaterThan(1);
    expect(new Set(numbers).size).toBe(
      'status' in filters && filters.status === 'closed' ? RARE : 10,
    );
    // All have the time of the same transaction.
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  },
);
