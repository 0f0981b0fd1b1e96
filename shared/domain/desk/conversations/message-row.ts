import type { Id } from '@insightdesk/shared/contract';
import {
  attachments,
  isVisibleTo,
  toAttachment,
} from '@insightdesk/shared/domain/desk/attachments';
import { aliasedTable, getTableColumns, sql } from 'drizzle-orm';
import { type Named, namedPerson, personColumn } from './people.ts';
import { messages } from './tables.ts';
import {
  type Audience,
  MAX_LISTED_BODY_CHARS,
  type MessageRow,
  shownTo,
  toMessage,
} from './view.ts';

type AttachmentRow = typeof attachments.$inferSelect;

/** Columns of a message, with its attachments as one JSON column, so that a page is one query. */
export const messageColumns = {
  message: messages,
  author: personColumn(sql`messages.author_id`),
  files: sql<AttachmentRow[] | null>`(
    select json_agg(json_build_object(
      'id', a.id, 'name', a.name, 'contentType', a.content_type, 'sizeBytes', a.size_bytes,
      'status', a.status, 'variants', a.variants) order by a.id)
    from ${attachments} a
    where a.tenant_id = messages.tenant_id and a.message_id = messages.id
      and ${isVisibleTo(sql`app.user_id()`, aliasedTable(attachments, 'a'))})`,
};

const maxChars = sql.raw(String(MAX_LISTED_BODY_CHARS));

/** The same with the beginning of a long body. */
export const listedMessageColumns = {
  ...messageColumns,
  message: {
    ...getTableColumns(messages),
    body: sql<string>`left(${messages.body}, ${maxChars})`,
  },
  truncated: sql<boolean>`char_length(${messages.body}) > ${maxChars}`,
};

/** The public view of such a row. */
export function toMessageFromRow(
  row: { message: MessageRow; author: Named; files: AttachmentRow[] | null },
  publicUrl: string,
  audience: Audience,
) {
  const files = row.files ?? [];
  return toMessage(
    row.message,
    shownTo(audience, namedPerson(row.message.authorId, row.author)),
    files.map((file) =>
      toAttachment(
        { ...file, id: attachments.id.mapFromDriverValue(file.id) as Id<'att'> },
        publicUrl,
      ),
    ),
  );
}
