import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { conversations, messages } from '@insightdesk/shared/domain/conversations';
import { users } from '@insightdesk/shared/domain/users';
import { renderEmail } from '@insightdesk/shared/email';
import { truncate } from '@insightdesk/shared/utils';
import { and, eq } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { z } from 'zod';
import { deliver } from './deliver.ts';
import type { emailMessage } from './jobs.ts';

/** Mails one message to one person. */
export async function sendMessageEmail(
  ctx: Context,
  { messageId, recipientId }: z.output<typeof emailMessage.payload>,
) {
  const found = await withTenant(ctx, (tenant) => readMessage(tenant, messageId, recipientId));
  if (!found) return;
  const { body, number, subject, conversationId, authorName, email } = found;
  const title = `#${number} ${subject}`;
  const letter = renderEmail({
    title,
    paragraphs: [`${authorName} wrote:`, truncate(body, 5000)],
    footer: `Conversation #${number}. You get this because you take part in it.`,
  });
  const thread = `<${conversationId}@${new URL(ctx.settings.publicUrl).hostname}>`;
  await deliver(ctx, `${messageId}.${recipientId}`, {
    to: email,
    subject: title,
    ...letter,
    headers: { References: thread, 'In-Reply-To': thread },
  });
}

async function readMessage(ctx: TenantContext, messageId: Id<'msg'>, recipientId: Id<'usr'>) {
  const author = alias(users, 'author');
  const [row] = await ctx.tx
    .select({
      body: messages.body,
      number: conversations.number,
      subject: conversations.subject,
      conversationId: conversations.id,
      authorName: author.name,
      email: users.email,
    })
    .from(messages)
    .innerJoin(
      conversations,
      and(
        eq(conversations.tenantId, messages.tenantId),
        eq(conversations.id, messages.conversationId),
      ),
    )
    .innerJoin(author, eq(author.id, messages.authorId))
    .innerJoin(users, eq(users.id, recipientId))
    .where(
      and(
        eq(messages.tenantId, ctx.tenantId),
        eq(messages.id, messageId),
        eq(messages.kind, 'reply'),
      ),
    );
  return row;
}
