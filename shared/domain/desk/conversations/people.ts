import type { Id, Role } from '@insightdesk/shared/contract';
import { members, type Person, toPerson } from '@insightdesk/shared/domain/identity/users';
import { type SQL, sql } from 'drizzle-orm';

/** What a query selects of a person; its id is a column of the row. */
export type Named = readonly [name: string, role: Role, avatarUrl: string | null];

/**
 * The people of a conversation: one JSON column, which costs less to read than a column for each value.
 * The last author is null when it is the customer or the assignee.
 */
export type People = readonly [customer: Named, assignee: Named | null, lastAuthor: Named | null];

/** Correlated subqueries: each person is read by its key, whatever the planner expects. */
const person = (userId: SQL) => sql`(select json_build_array(m.name, m.role, m.avatar_url)
  from ${members} m where m.tenant_id = app.tenant_id() and m.user_id = ${userId})`;

/** One person, such as the author of a message. */
export const personColumn = (userId: SQL) => sql<Named>`${person(userId)}`;

const peopleOf = (row: SQL) => sql`${person(sql`${row}.customer_id`)},
  ${person(sql`${row}.assignee_id`)},
  case when ${row}.last_message_author_id in (${row}.customer_id, ${row}.assignee_id) then null
    else ${person(sql`${row}.last_message_author_id`)} end`;

const conversation = sql.raw('conversations');

/** The people of a row of `conversations`. */
export const peopleColumn = sql<People>`json_build_array(${peopleOf(conversation)})`;

export const namedPerson = (id: Id<'usr'>, [name, role, avatarUrl]: Named): Person =>
  toPerson({ id, name, role, avatarUrl });

/** How much of a conversation a user has read. */
type Read = readonly [messageCount: number, replyCount: number];

/** The people of a conversation, and what the reader has read of it. */
export type PeopleAndRead = readonly [...People, Read | null];

/** The same of `conversations` or of a subquery with its columns. */
export const peopleAndReadColumn = (readerId: SQL, row: SQL = conversation) =>
  sql<PeopleAndRead>`json_build_array(${peopleOf(row)},
    (select json_build_array(r.message_count, r.reply_count) from conversation_reads r
      where r.tenant_id = app.tenant_id() and r.conversation_id = ${row}.id and r.user_id = ${readerId}))`;
