import { defineAction, line, text, type UserContext } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { appendMessage } from './append-message.ts';
import { conversationCreated } from './events.ts';
import { conversations } from './tables.ts';
import { audienceOf, conversationView, toConversation } from './view.ts';
import { priorities } from './vocabulary.ts';

/** The text of a message and the files that come with it. */
export const messageInput = {
  body: text(50_000),
  attachmentIds: z.array(idSchema('att')).max(10).default([]),
};

/** Opens a conversation with its first message; the caller is its customer. */
export const openConversation = defineAction({
  summary: 'Open a conversation',
  input: z.strictObject({
    subject: line(300),
    priority: z.enum(priorities).default('normal'),
    ...messageInput,
  }),
  output: conversationView,
  allow: roles,
  transaction: 'write',
  async run(ctx, { subject, priority, body, attachmentIds }) {
    const number = await nextNumber(ctx);
    const [row] = await ctx.tx
      .insert(conversations)
      .values({
        tenantId: ctx.tenantId,
        id: newId('cnv'),
        number,
        subject,
        priority,
        customerId: ctx.actor.userId,
        messageCount: 1,
        replyCount: 1,
      })
      .returning();
    if (!row) throw new Error('The conversation was not inserted');
    await record(ctx, conversationCreated, {
      conversation: toConversation(row, 'staff'),
      replyCount: row.replyCount,
    });
    const draft = { body, kind: 'reply' as const, attachmentIds, clientMessageId: null };
    await appendMessage(ctx, row, draft);
    return toConversation(row, audienceOf(ctx.actor));
  },
});

async function nextNumber({ tx, tenantId }: UserContext): Promise<number> {
  const [row] = await tx
    .update(organizations)
    .set({ conversationCount: sql`${organizations.conversationCount} + 1` })
    .where(eq(organizations.id, tenantId))
    .returning({ number: organizations.conversationCount });
  if (!row) throw new Error('The organisation has vanished');
  return row.number;
}
