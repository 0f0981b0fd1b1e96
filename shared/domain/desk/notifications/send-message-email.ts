import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, statement } from '@insightdesk/shared/database';
import { conversations, messages } from '@insightdesk/shared/domain/desk/conversations';
import { canReceiveMessages, users } from '@insightdesk/shared/domain/identity/users';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { truncate } from '@insightdesk/shared/utils';
import { and, isNull, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { emailMessage } from './jobs.ts';
import { listOfflineStaffIds } from './notify-recipients.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendWithinQuota } from './send-once.ts';

type Payload = z.output<typeof emailMessage.payload>;
type Run = Pick<JobRun, 'id' | 'tenantId' | 'requestId' | 'enqueue' | 'log'>;

/**
 * Sends a message to one recipient, if it may still read the message. Otherwise, if it was the only
 * recipient, enqueues emails to the other staff.
 */
export async function sendMessageEmail(ctx: Context, payload: Payload, run: Run) {
  const { messageId, recipientId, isOnlyRecipient } = payload;
  const { message, canReceive } = await withTenant(ctx, async (tenant) => {
    const found = await readMessage(tenant, messageId, recipientId);
    const customerId = found?.customerId;
    const canReceive = customerId && (await canReceiveMessages(tenant, recipientId, customerId));
    return { message: found, canReceive };
  });
  if (!message || (!message.isVerified && ctx.settings.requiresVerifiedEmail)) return;
  if (!canReceive) {
    if (isOnlyRecipient) await notifyOtherStaff(ctx, messageId, message.authorId, run);
    return;
  }
  const { body, number, subject, conversationId, authorName, email } = message;
  const thread = `<${conversationId}@${new URL(ctx.settings.publicUrl).hostname}>`;
  await sendWithinQuota(ctx, run, `${messageId}.${recipientId}`, {
    to: email,
    title: `#${number} ${subject}`,
    paragraphs: [`${safeDisplayName(authorName)} wrote:`, truncate(body, 5000)],
    footer: `Conversation #${number}. You receive this e-mail because you take part in it.`,
    headers: { References: thread, 'In-Reply-To': thread },
  });
}

async function notifyOtherStaff(ctx: Context, messageId: Id<'msg'>, authorId: Id<'usr'>, run: Run) {
  const others = await listOfflineStaffIds(ctx, run.tenantId, authorId, null);
  await run.enqueue(
    others.map((recipientId) =>
      jobFor(run, emailMessage, { messageId, recipientId }, { suffix: recipientId }),
    ),
  );
}

async function readMessage(ctx: TenantContext, messageId: Id<'msg'>, recipientId: Id<'usr'>) {
  const [row] = await selectMessage(ctx.tx, { tenantId: ctx.tenantId, id: messageId, recipientId });
  return row;
}

// Author and recipient are subqueries instead of joins: without statistics of a new organization the
// planner may join all messages with all users.
const selectMessage = statement(
  { tenantId: messages.tenantId, id: messages.id, recipientId: users.id },
  ({ tenantId, id, recipientId }, q) =>
    q
      .select({
        body: messages.body,
        number: conversations.number,
        subject: conversations.subject,
        conversationId: conversations.id,
        customerId: conversations.customerId,
        authorId: messages.authorId,
        authorName: sql<string>`(select name from ${users} where id = ${messages.authorId})`,
        email: sql<string>`(select email from ${users} where id = ${recipientId})`,
        isVerified: sql<boolean>`(select email_verified_at is not null from ${users} where id = ${recipientId})`,
      })
      .from(messages)
      .innerJoin(
        conversations,
        matches(conversations, { tenantId: messages.tenantId, id: messages.conversationId }),
      )
      .where(and(matches(messages, { tenantId, id, kind: 'reply' }), isNull(messages.deletedAt))),
);
