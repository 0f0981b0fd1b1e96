import { perPageSize, statement, type Tx } from '@insightdesk/shared/database';
import {
  and,
  type Column,
  desc,
  eq,
  getTableColumns,
  isNull,
  lt,
  type Placeholder,
  type SQL,
  sql,
} from 'drizzle-orm';
import { type PgColumn, unionAll } from 'drizzle-orm/pg-core';
import { priorities, statuses } from './conversation-enums.ts';
import { viewerColumns, visibleConversations } from './conversation-visibility.ts';
import { type PeopleAndRead, peopleAndReadColumn } from './people.ts';
import { conversationReads, conversations, conversationTags } from './tables.ts';
import type { ConversationRow } from './view.ts';

/** Filters without an index of their own are applied to at most this many conversations per page. */
const MAX_CANDIDATES = 1_000;
const MAX_NUMBER = 2_147_483_647;

const optional = {
  ...viewerColumns.optional,
  status1: conversations.status,
  status2: conversations.status,
  status3: conversations.status,
  status4: conversations.status,
  priority: conversations.priority,
  assigneeId: conversations.assigneeId,
  // These have a value, but it is not used.
  isUnassigned: conversations.number,
  byActivity: conversations.number,
  before: conversations.number,
  beforeAt: conversations.lastMessageAt,
  tag: conversationTags.tag,
  q: conversations.subject,
};

const columns = getTableColumns(conversations);
const { tenantId: _tenant, ...shownColumns } = columns;

type Filters = Record<keyof typeof optional, SQL | undefined>;
type Parameters = Filters & { tenantId: SQL };
type Limit = SQL & Placeholder;
type Query<R = ConversationRow> = PromiseLike<R[]> & { prepare(name: string): unknown };
type ListedRow = Omit<ConversationRow, 'tenantId'> & { people: PeopleAndRead };

/**
 * The newest conversations that match, with their people. Statements are planned once, for any value: the
 * filters are written such that one index alone has their order, so that a rare value reads no more than
 * a common one.
 */
export const selectNewest = perPageSize((limit) =>
  statement(
    { ...viewerColumns.given, readerId: conversationReads.userId },
    ({ readerId, ...parameters }, q): Query<ListedRow> =>
      withPeople(selectPage(parameters, q, limit), readerId, parameters, q),
    { optional },
  ),
);

/** People are read for the rows of a page only. */
function withPeople(
  query: Query,
  readerId: SQL,
  { byActivity }: Parameters,
  q: Tx,
): Query<ListedRow> {
  const page = (query as unknown as ReturnType<typeof candidatesOf>).as('page');
  const fieldOf = page as unknown as Record<string, PgColumn>;
  const names = Object.keys(shownColumns);
  const fields = Object.fromEntries(names.map((name) => [name, fieldOf[name] as PgColumn]));
  const order = byActivity ? ['lastMessageAt', 'number'] : ['number'];
  return q
    .select({ ...fields, people: peopleAndReadColumn(readerId, sql.raw('page')) })
    .from(page)
    .orderBy(
      ...order.map((name) => desc(fieldOf[name] as PgColumn)),
    ) as unknown as Query<ListedRow>;
}

function selectPage(parameters: Parameters, q: Tx, limit: Limit): Query {
  if (parameters.q) return selectFound(parameters, q, limit);
  if (hasCandidates(parameters)) {
    return selectAmong(candidatesOf(parameters, q).limit(MAX_CANDIDATES), parameters, q, limit);
  }
  if (!parameters.tag) return selectInOrder(parameters, q, limit);
  return selectAmong(candidatesOf(parameters, q).limit(limit), parameters, q, limit);
}

/** The last candidate of a page; none when there are fewer than MAX_CANDIDATES. */
export const selectLastCandidate = statement(
  viewerColumns.given,
  (parameters, q) =>
    candidatesOf(parameters, q)
      .limit(1)
      .offset(MAX_CANDIDATES - 1),
  { optional },
);

/** Whether filters are applied to candidates: a page may end before the list does. */
export function hasCandidates(filters: { [K in keyof Filters]?: unknown }): boolean {
  const { q, tag, customerId, status1, priority, assigneeId, isUnassigned, byActivity } = filters;
  const isGiven = (...values: unknown[]) => values.some((value) => value !== undefined);
  if (q !== undefined) return false;
  if (isGiven(byActivity)) return isGiven(tag, status1, priority, assigneeId, isUnassigned);
  if (isGiven(tag)) return isGiven(customerId, status1, priority, assigneeId, isUnassigned);
  if (isGiven(customerId)) return isGiven(assigneeId, isUnassigned);
  return isGiven(isUnassigned) && isGiven(status1, priority);
}

type Prefix = readonly (readonly [column: Column, value: SQL])[];

/** Rows from the index on these columns and the number. */
function selectInOrder(parameters: Parameters, q: Tx, limit: Limit): Query {
  const owner = ownerOf(parameters);
  const wanted = statusesOf(parameters);
  const priority = parameters.priority && [parameters.priority];
  const prefixOf = (oneStatus?: SQL, onePriority?: SQL): Prefix => [
    ...owner,
    ...(onePriority ? [[conversations.priority, onePriority] as const] : []),
    ...(oneStatus ? [[conversations.status, oneStatus] as const] : []),
  ];
  const select = (prefix: Prefix) => {
    const { where, order } = rangeOf(parameters, prefix);
    return q
      .select(columns)
      .from(conversations)
      .where(and(where, unassigned(parameters)))
      .orderBy(...order)
      .limit(limit);
  };
  const isByOwner = owner.length > 0 && (wanted.length > 0 || priority !== undefined);
  // The index of an owner has both columns: a missing one is each of its values.
  const eachStatus = wanted.length === 0 && isByOwner ? statuses.map(literal) : wanted;
  const eachPriority = priority ?? (isByOwner ? priorities.map(literal) : [undefined]);
  const [first, ...others] = (eachStatus.length > 0 ? eachStatus : [undefined]).flatMap(
    (oneStatus) => eachPriority.map((one) => select(prefixOf(oneStatus, one))),
  );
  const [second, ...rest] = others;
  if (!first || !second) return first as Query;
  return unionAll(first, second, ...rest)
    .orderBy(desc(conversations.number))
    .limit(limit);
}

const literal = (value: string) => sql`${value}`;

const statusesOf = ({ status1, status2, status3, status4 }: Parameters) =>
  [status1, status2, status3, status4].filter((status) => status !== undefined);

const unassigned = ({ isUnassigned }: Parameters) =>
  isUnassigned && isNull(conversations.assigneeId);

const ownerOf = ({ customerId, assigneeId, byActivity }: Parameters): Prefix => {
  if (customerId) return [[conversations.customerId, customerId]];
  return assigneeId && !byActivity ? [[conversations.assigneeId, assigneeId]] : [];
};

/**
 * The last filter and the sort key as a range: an equality would leave the order to any index with that
 * key. The indexes of several filters have NULLS FIRST, so that no other one has their order.
 */
function rangeOf({ tenantId, before, beforeAt, byActivity }: Parameters, prefix: Prefix) {
  const { number, lastMessageAt } = conversations;
  const conditions = prefix.slice(0, -1).map(([column, value]) => eq(column, value));
  const [column, value] = prefix.at(-1) ?? [];
  const tuple = (...parts: (SQL | Column | undefined)[]) =>
    sql`(${sql.join(
      parts.filter((part) => part !== undefined),
      sql`, `,
    )})`;
  const key = tuple(column, byActivity && lastMessageAt, number);
  const lowest = tuple(value, byActivity && sql`'-infinity'`, sql`0`);
  const upper = before ?? sql.raw(String(MAX_NUMBER));
  const highest = tuple(value, byActivity && (beforeAt ?? sql`'infinity'`), upper);
  const isBelow = before ? sql`<` : sql`<=`;
  const afterCursor = byActivity ? sql`${key} < ${highest}` : before && lt(number, before);
  return {
    where: and(
      // A customer is in the prefix.
      visibleConversations({ tenantId, customerId: undefined }),
      ...conditions,
      column && sql`${key} >= ${lowest}`,
      column ? sql`${key} ${isBelow} ${highest}` : before && afterCursor,
    ),
    order: [
      ...(column ? [prefix.length > 1 ? sql`${column} desc nulls last` : desc(column)] : []),
      ...(byActivity ? [desc(lastMessageAt)] : []),
      desc(number),
    ],
  };
}

/** By activity or with a customer, else the unassigned ones or those with a tag: newest first. */
function candidatesOf(parameters: Parameters, q: Tx) {
  const { tenantId, tag, before, byActivity, customerId } = parameters;
  if (byActivity || !tag) {
    const { where, order } = rangeOf(parameters, ownerOf(parameters));
    const { id, number, lastMessageAt } = conversations;
    const isPartOfIndex = !byActivity && !customerId;
    return q
      .select({ id, number, lastMessageAt })
      .from(conversations)
      .where(and(where, isPartOfIndex ? unassigned(parameters) : undefined))
      .orderBy(...order)
      .$dynamic();
  }
  const { number, conversationId: id } = conversationTags;
  const isTagged = and(eq(conversationTags.tenantId, tenantId), eq(conversationTags.tag, tag));
  return q
    .select({ id, number, lastMessageAt: sql<Date>`null::timestamptz`.as('last_message_at') })
    .from(conversationTags)
    .where(and(isTagged, before && lt(number, before)))
    .orderBy(desc(number))
    .$dynamic();
}

/** Those of the candidates that match; each is read by its id. */
function selectAmong(
  query: ReturnType<typeof candidatesOf>,
  parameters: Parameters,
  q: Tx,
  limit: Limit,
): Query {
  const { tenantId, customerId, priority, assigneeId, tag, byActivity } = parameters;
  const candidates = query.as('candidates');
  const wanted = statusesOf(parameters);
  const found = q
    .select(columns)
    .from(conversations)
    .where(
      and(
        visibleConversations({ tenantId, customerId }),
        eq(conversations.id, candidates.id),
        wanted.length > 0
          ? sql`${conversations.status} in (${sql.join(wanted, sql`, `)})`
          : undefined,
        priority && eq(conversations.priority, priority),
        assigneeId && eq(conversations.assigneeId, assigneeId),
        unassigned(parameters),
        tag && byActivity && sql`${tag} = any(${conversations.tags})`,
      ),
    )
    // Otherwise the planner may join all conversations of the tenant.
    .limit(1)
    .as('found');
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const fields = Object.fromEntries(names.map((name) => [name, found[name] as PgColumn]));
  return q
    .select(fields)
    .from(candidates)
    .crossJoinLateral(found)
    .orderBy(...(byActivity ? [desc(candidates.lastMessageAt)] : []), desc(candidates.number))
    .limit(limit) as unknown as Query;
}

function selectFound(parameters: Parameters, q: Tx, limit: Limit): Query {
  const { tenantId, customerId, priority, assigneeId, isUnassigned, tag } = parameters;
  const { before, beforeAt, byActivity, q: part } = parameters;
  const wanted = statusesOf(parameters);
  const list = wanted.length > 0 ? sql`array[${sql.join(wanted, sql`, `)}]` : sql`null`;
  const args = [
    ...[part, customerId, list, priority, assigneeId].map((given) => given ?? sql`null`),
    sql.raw(String(isUnassigned !== undefined)),
    tag ?? sql`null`,
    sql.raw(String(byActivity !== undefined)),
    ...[beforeAt, before].map((given) => given ?? sql`null`),
  ];
  // The n-gram index cannot be used under a row-level security policy: the function bypasses it.
  const ids = sql`select app.search_conversations(${sql.join(args, sql`, `)}, ${limit})`;
  const { lastMessageAt, number, id } = conversations;
  return q
    .select(columns)
    .from(conversations)
    .where(and(visibleConversations({ tenantId, customerId }), sql`${id} = any(array(${ids}))`))
    .orderBy(...(byActivity ? [desc(lastMessageAt)] : []), desc(number))
    .limit(limit);
}
