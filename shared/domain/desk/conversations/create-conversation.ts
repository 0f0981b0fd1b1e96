import { defineAction, type MemberTenantContext, singleLine } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement, withCommit } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { organizations, staffNamingColumn } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  appendMessage,
  lastMessageColumns,
  messageInput,
  requireRoomFor,
} from './append-message.ts';
import { priorities } from './conversation-enums.ts';
import { conversationCreated } from './events.ts';
import { namedPerson, personColumn } from './people.ts';
import { conversations } from './tables.ts';
import { toPayload } from './update-conversation-row.ts';
import {
  type ConversationRow,
  conversationEtag,
  conversationView,
  toConversation,
} from './view.ts';

/** Creates a conversation with its first message; the caller is its customer. */
export const createConversation = defineAction({
  summary: 'Create a conversation',
  input: z.strictObject({
    subject: singleLine(300),
    priority: z.enum(priorities).default('normal'),
    ...messageInput,
  }),
  output: conversationView,
  etag: conversationEtag,
  allow: 'conversations:open',
  transaction: 'write',
  async run(ctx, { subject, priority, body, attachmentIds }) {
    const authorId = ctx.actor.userId;
    const [{ number, now, staffNaming, author }] = await Promise.all([
      countConversation(ctx, authorId),
      requireRoomFor(ctx, body),
    ]);
    const message = { id: newId('msg'), body, createdAt: now };
    const row: ConversationRow = {
      tenantId: ctx.tenantId,
      id: newId('cnv'),
      number,
      subject,
      status: 'open',
      priority,
      customerId: authorId,
      assigneeId: null,
      tags: [],
      snoozedUntil: null,
      messageCount: 1,
      replyCount: 1,
      ...lastMessageColumns(authorId, message),
      version: 1,
      createdAt: now,
    };
    withCommit(ctx.tx, insert(ctx.tx, row));
    const people = [author, null, author] as const;
    await record(ctx, conversationCreated, toPayload({ ...row, people, staffNaming }));
    const draft = { ...message, kind: 'reply' as const, attachmentIds, clientMessageId: null };
    await appendMessage(ctx, row, draft, { author: namedPerson(authorId, author), staffNaming });
    const audience = ctx.actor.role === 'customer' ? staffNaming : 'staff';
    return toConversation(row, [...people, [row.messageCount, row.replyCount]], audience);
  },
});

const insert = statement(getTableColumns(conversations), (row, q) =>
  q.insert(conversations).values(row),
);

const incrementCount = statement(
  { id: organizations.id, authorId: members.userId },
  ({ id, authorId }, q) =>
    q
      .update(organizations)
      .set({ conversationCount: sql`${organizations.conversationCount} + 1` })
      .where(eq(organizations.id, id))
      .returning({
        number: organizations.conversationCount,
        now: sql<Date>`now()`.mapWith(organizations.createdAt),
        staffNaming: staffNamingColumn,
        author: personColumn(authorId),
      }),
);

/** The number of the next conversation, and the name of its author. */
async function countConversation({ tx, tenantId }: MemberTenantContext, authorId: Id<'usr'>) {
  const [row] = await incrementCount(tx, { id: tenantId, authorId });
  if (!row) throw new Error('The organization does not exist');
  return row;
}
