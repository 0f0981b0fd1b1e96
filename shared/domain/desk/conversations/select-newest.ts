import { perPageSize, statement, type Tx } from '@insightdesk/shared/database';
import {
  and,
  type Column,
  desc,
  eq,
  getTableColumns,
  lt,
  type Placeholder,
  type SQL,
  sql,
} from 'drizzle-orm';
import { type PgColumn, unionAll } from 'drizzle-orm/pg-core';
import { priorities, statuses } from './conversation-enums.ts';
import { viewerColumns, visibleConversations } from './conversation-visibility.ts';
import { conversations, conversationTags } from './tables.ts';
import type { ConversationRow } from './view.ts';

/** Filters without an index of their own are applied to at most this many conversations per page. */
const MAX_CANDIDATES = 1_000;
const MAX_NUMBER = 2_147_483_647;

const optional = {
  ...viewerColumns.optional,
  status: conversations.status,
  priority: conversations.priority,
  assigneeId: conversations.assigneeId,
  before: conversations.number,
  tag: conversationTags.tag,
  q: conversations.subject,
};

const { tenantId: _tenant, ...columns } = getTableColumns(conversations);

type Filters = Record<keyof typeof optional, SQL | undefined>;
type Parameters = Filters & { tenantId: SQL };
type Limit = SQL & Placeholder;
type Query = PromiseLike<Omit<ConversationRow, 'tenantId'>[]> & { prepare(name: string): unknown };

/**
 * The newest conversations that match. Statements are planned once, for any value: the filters are
 * written such that one index alone has their order, so that a rare value reads no more than a common one.
 */
export const selectNewest = perPageSize((limit) =>
  statement(
    viewerColumns.given,
    (parameters, q): Query => {
      if (parameters.q) return selectFound(parameters, q, limit);
      if (hasCandidates(parameters)) {
        return selectAmong(candidatesOf(parameters, q).limit(MAX_CANDIDATES), parameters, q, limit);
      }
      if (!parameters.tag) return selectInOrder(parameters, q, limit);
      return selectAmong(candidatesOf(parameters, q).limit(limit), parameters, q, limit);
    },
    { optional },
  ),
);

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
  const { q, tag, customerId, status, priority, assigneeId } = filters;
  if (q !== undefined) return false;
  if (tag === undefined) return customerId !== undefined && assigneeId !== undefined;
  return [customerId, status, priority, assigneeId].some((filter) => filter !== undefined);
}

type Prefix = readonly (readonly [column: Column, value: SQL])[];

/** Rows from the index on these columns and the number. */
function selectInOrder(parameters: Parameters, q: Tx, limit: Limit): Query {
  const owner = ownerOf(parameters);
  const status = parameters.status && [parameters.status];
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
      .where(where)
      .orderBy(...order)
      .limit(limit);
  };
  if (owner.length === 0 || (!status && !priority)) {
    return select(prefixOf(parameters.status, parameters.priority));
  }
  // The index of an owner has both columns: a missing one is each of its values.
  const [first, ...others] = (status ?? statuses.map(literal)).flatMap((oneStatus) =>
    (priority ?? priorities.map(literal)).map((one) => select(prefixOf(oneStatus, one))),
  );
  const [second, ...rest] = others;
  if (!first || !second) return first as Query;
  return unionAll(first, second, ...rest)
    .orderBy(desc(conversations.number))
    .limit(limit);
}

const literal = (value: string) => sql`${value}`;

const ownerOf = ({ customerId, assigneeId }: Parameters): Prefix => {
  if (customerId) return [[conversations.customerId, customerId]];
  return assigneeId ? [[conversations.assigneeId, assigneeId]] : [];
};

/**
 * The last filter and the number as a range of pairs: an equality would leave the order to any index
 * with the number. The indexes of several filters have NULLS FIRST, so that no other one has their order.
 */
function rangeOf({ tenantId, before }: Parameters, prefix: Prefix) {
  const { number } = conversations;
  const conditions = prefix.slice(0, -1).map(([column, value]) => eq(column, value));
  const [column, value] = prefix.at(-1) ?? [];
  const pair = column && sql`(${column}, ${number})`;
  const upper = before ?? sql.raw(String(MAX_NUMBER));
  const isBelow = before ? sql`<` : sql`<=`;
  return {
    where: and(
      // A customer is in the prefix.
      visibleConversations({ tenantId, customerId: undefined }),
      ...conditions,
      pair && sql`${pair} >= (${value}, 0)`,
      pair ? sql`${pair} ${isBelow} (${value}, ${upper})` : before && lt(number, before),
    ),
    order: [
      ...(column ? [prefix.length > 1 ? sql`${column} desc nulls last` : desc(column)] : []),
      desc(number),
    ],
  };
}

/** The conversations with a tag or, without one, of a customer: newest first. */
function candidatesOf(parameters: Parameters, q: Tx) {
  const { tenantId, tag, before } = parameters;
  if (!tag) {
    const { where, order } = rangeOf(parameters, ownerOf(parameters));
    const { id, number } = conversations;
    return q
      .select({ id, number })
      .from(conversations)
      .where(where)
      .orderBy(...order)
      .$dynamic();
  }
  const { number, conversationId: id } = conversationTags;
  const isTagged = and(eq(conversationTags.tenantId, tenantId), eq(conversationTags.tag, tag));
  return q
    .select({ id, number })
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
  const { tenantId, customerId, status, priority, assigneeId } = parameters;
  const candidates = query.as('candidates');
  const found = q
    .select(columns)
    .from(conversations)
    .where(
      and(
        visibleConversations({ tenantId, customerId }),
        eq(conversations.id, candidates.id),
        status && eq(conversations.status, status),
        priority && eq(conversations.priority, priority),
        assigneeId && eq(conversations.assigneeId, assigneeId),
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
    .orderBy(desc(candidates.number))
    .limit(limit) as unknown as Query;
}

function selectFound(parameters: Parameters, q: Tx, limit: Limit): Query {
  const { tenantId, customerId, status, priority, assigneeId, tag, before, q: part } = parameters;
  const args = [part, customerId, status, priority, assigneeId, tag, before].map(
    (parameter) => parameter ?? sql`null`,
  );
  // The n-gram index cannot be used under a row-level security policy: the function bypasses it.
  const ids = sql`select app.find_conversations(${sql.join(args, sql`, `)}, ${limit})`;
  return q
    .select(columns)
    .from(conversations)
    .where(
      and(
        visibleConversations({ tenantId, customerId }),
        sql`${conversations.id} = any(array(${ids}))`,
      ),
    )
    .orderBy(desc(conversations.number))
    .limit(limit);
}
