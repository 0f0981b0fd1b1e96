import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { conversations, messages } from '@insightdesk/shared/domain/desk/conversations';
import { mayBeMailed, users } from '@insightdesk/shared/domain/identity/users';
import { renderEmail } from '@insightdesk/shared/email';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { truncate } from '@insightdesk/shared/utils';
import { and, eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { emailMessage } from './jobs.ts';
import { listOfflineStaffIds } from './list-offline-staff-ids.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';

type Errand = z.output<typeof emailMessage.payload>;
type Run = Pick<JobRun, 'id' | 'tenantId' | 'requestId' | 'enqueue'>;

/** Mails one message to one person who may read it at this moment; if nobody else would hear, to those who may. */
export async function sendMessageEmail(ctx: Context, errand: Errand, run: Run) {
  const { messageId, recipientId } = errand;
  const { found, isEntitled } = await withTenant(ctx, async (tenant) => {
    const message = await readMessage(tenant, messageId, recipientId);
    const { customerId } = message ?? {};
    const isEntitled = customerId ? await mayBeMailed(tenant, recipientId, customerId) : false;
    return { found: message, isEntitled };
  });
  if (!found || (!found.isProven && ctx.settings.requiresVerifiedEmail)) return;
  if (!isEntitled)
    return errand.alone ? tellTheOthers(ctx, messageId, found.authorId, run) : undefined;
  const { body, number, subject, conversationId, authorName, email } = found;
  const title = `#${number} ${subject}`;
  const letter = renderEmail({
    title,
    paragraphs: [`${safeDisplayName(authorName)} wrote:`, truncate(body, 5000)],
    footer: `Conversation #${number}. You get this because you take part in it.`,
  });
  const thread = `<${conversationId}@${new URL(ctx.settings.publicUrl).hostname}>`;
  await sendOnce(ctx, `${messageId}.${recipientId}`, {
    to: email,
    subject: title,
    ...letter,
    headers: { References: thread, 'In-Reply-To': thread },
  });
}

async function tellTheOthers(ctx: Context, messageId: Id<'msg'>, authorId: Id<'usr'>, run: Run) {
  const others = await listOfflineStaffIds(ctx, run.tenantId, authorId, null);
  await run.enqueue(
    others.map((recipientId) =>
      jobFor(run, emailMessage, { messageId, recipientId }, { suffix: recipientId }),
    ),
  );
}

async function readMessage(ctx: TenantContext, messageId: Id<'msg'>, recipientId: Id<'usr'>) {
  const rows = await toMail(ctx.tx, { tenantId: ctx.tenantId, id: messageId, recipientId });
  return rows[0];
}

// The two people are looked up, not joined: for an organisation that is younger than the planner's
// figures it takes any order of joins for cheap, and pairs all messages with all people.
const toMail = statement(
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
        isProven: sql<boolean>`(select email_verified_at is not null from ${users} where id = ${recipientId})`,
      })
      .from(messages)
      .innerJoin(
        conversations,
        and(
          eq(conversations.tenantId, messages.tenantId),
          eq(conversations.id, messages.conversationId),
        ),
      )
      .where(and(eq(messages.tenantId, tenantId), eq(messages.id, id), eq(messages.kind, 'reply'))),
);
