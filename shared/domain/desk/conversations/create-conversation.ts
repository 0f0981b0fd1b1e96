import { defineAction, type MemberTenantContext, singleLine } from '@insightdesk/shared/context';
import { statement, withCommit } from '@insightdesk/shared/database';
import { contactReference } from '@insightdesk/shared/domain/desk/contacts';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import { recordActedFor, requireMayOpenFor, resolveParties } from './act-for-contact.ts';
import { appendMessage, messageInput, requireRoomFor } from './append-message.ts';
import { priorities } from './conversation-enums.ts';
import { conversationCreated } from './events.ts';
import { conversations } from './tables.ts';
import {
  audienceOf,
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
    const [{ number, now }] = await Promise.all([nextNumber(ctx), requireRoomFor(ctx, body)]);
    // After the lock of the organization, as text that is stored later counts under a lock of its own.
    const { customerId, authorId } = await resolveParties(ctx, reference);
    const row: ConversationRow = {
      tenantId: ctx.tenantId,
      id: newId('cnv'),
      number,
      subject,
      status: 'open',
      priority,
      customerId,
      assigneeId: null,
      tags: [],
      snoozedUntil: null,
      messageCount: 1,
      replyCount: 1,
      lastMessageAt: now,
      lastMessageId: null,
      lastMessageAuthorId: null,
      lastMessageExcerpt: null,
      version: 1,
      createdAt: now,
    };
    withCommit(ctx.tx, insert(ctx.tx, row));
    await record(ctx, conversationCreated, {
      conversation: toConversation(row, 'staff'),
      replyCount: row.replyCount,
    });
    const draft = { body, kind: 'reply' as const, attachmentIds, clientMessageId: null, authorId };
    await appendMessage(ctx, row, draft, now);
    if (authorId !== ctx.actor.userId) {
      await recordActedFor(ctx, customerId, row.id, 'conversation.opened');
    }
    return toConversation(row, audienceOf(ctx.actor));
  },
});

const insert = statement(getTableColumns(conversations), (row, q) =>
  q.insert(conversations).values(row),
);

const countConversation = statement({ id: organizations.id }, ({ id }, q) =>
  q
    .update(organizations)
    .set({ conversationCount: sql`${organizations.conversationCount} + 1` })
    .where(eq(organizations.id, id))
    .returning({
      number: organizations.conversationCount,
      now: sql<Date>`now()`.mapWith(organizations.createdAt),
    }),
);

async function nextNumber({ tx, tenantId }: MemberTenantContext) {
  const [row] = await countConversation(tx, { id: tenantId });
  if (!row) throw new Error('The organization does not exist');
  return row;
}
