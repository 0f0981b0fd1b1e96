import { defineAction, type MemberTenantContext, singleLine } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement, withCommit } from '@insightdesk/shared/database';
import { contactReference } from '@insightdesk/shared/domain/desk/contacts';
import { members } from '@insightdesk/shared/domain/identity/users';
import { organizations, staffNamingColumn } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import { recordActedFor, requireMayOpenFor, resolveParties } from './act-for-contact.ts';
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

/**
 * Creates a conversation with its first message. The caller is its customer, unless staff or an API
 * key names a contact.
 */
export const createConversation = defineAction({
  summary: 'Create a conversation',
  input: z
    .strictObject({
      subject: singleLine(300),
      priority: z.enum(priorities).default('normal'),
      ...messageInput,
      ...contactReference,
    })
    .refine(({ contactId, contact }) => !contactId || !contact, {
      path: ['contact'],
      message: 'Must not be given with a contactId',
    }),
  output: conversationView,
  etag: conversationEtag,
  allow: 'conversations:open',
  transaction: 'write',
  async run(ctx, { subject, priority, body, attachmentIds, ...reference }) {
    requireMayOpenFor(ctx, reference);
    const callerId = ctx.actor.userId;
    const [{ number, now, staffNaming, caller }] = await Promise.all([
      countConversation(ctx, callerId),
      requireRoomFor(ctx, body),
    ]);
    // After the lock of the organization, as text that is stored later counts under a lock of its own.
    const { customer, author } = await resolveParties(ctx, reference, caller);
    const message = { id: newId('msg'), body, createdAt: now };
    const row: ConversationRow = {
      tenantId: ctx.tenantId,
      id: newId('cnv'),
      number,
      subject,
      status: 'open',
      priority,
      customerId: customer.id,
      assigneeId: null,
      tags: [],
      snoozedUntil: null,
      messageCount: 1,
      replyCount: 1,
      ...lastMessageColumns(author.id, message),
      version: 1,
      createdAt: now,
    };
    withCommit(ctx.tx, insert(ctx.tx, row));
    const people = [customer.named, null, author.named] as const;
    await record(ctx, conversationCreated, toPayload({ ...row, people, staffNaming }));
    const draft = { ...message, kind: 'reply' as const, attachmentIds, clientMessageId: null };
    const person = namedPerson(author.id, author.named);
    await appendMessage(ctx, row, draft, { author: person, staffNaming });
    if (author.id !== callerId) {
      await recordActedFor(ctx, customer.id, row.id, 'conversation.opened');
    }
    const audience = ctx.actor.role === 'customer' ? staffNaming : 'staff';
    const read = author.id === callerId ? ([row.messageCount, row.replyCount] as const) : null;
    return toConversation(row, [...people, read], audience);
  },
});

const insert = statement(getTableColumns(conversations), (row, q) =>
  q.insert(conversations).values(row),
);

const incrementCount = statement(
  { id: organizations.id, callerId: members.userId },
  ({ id, callerId }, q) =>
    q
      .update(organizations)
      .set({ conversationCount: sql`${organizations.conversationCount} + 1` })
      .where(eq(organizations.id, id))
      .returning({
        number: organizations.conversationCount,
        now: sql<Date>`now()`.mapWith(organizations.createdAt),
        staffNaming: staffNamingColumn,
        caller: personColumn(callerId),
      }),
);

/** The number of the next conversation, and the name of the caller. */
async function countConversation({ tx, tenantId }: MemberTenantContext, callerId: Id<'usr'>) {
  const [row] = await incrementCount(tx, { id: tenantId, callerId });
  if (!row) throw new Error('The organization does not exist');
  return row;
}
