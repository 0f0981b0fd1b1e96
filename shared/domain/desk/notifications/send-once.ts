import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { type EmailContent, type OutgoingEmail, renderEmail } from '@insightdesk/shared/email';
import { AppError, outageCode } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { consumeEmailQuota, countOverQuota } from './email-quota.ts';
import { emailDeliveries } from './tables.ts';

export type Email = EmailContent & Pick<OutgoingEmail, 'to' | 'headers' | 'replyTo'>;

/** Sends an email once per id, unless a quota is used up: then the log of the job says so. */
export async function sendWithinQuota(
  ctx: Context,
  run: Pick<JobRun, 'log'>,
  id: string,
  email: Email,
): Promise<void> {
  try {
    await send(ctx, id, email, consumeEmailQuota);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'QUOTA_EXCEEDED')) throw error;
    await countOverQuota(ctx);
    await run.log(`Not sent: ${error.message}`);
  }
}

/**
 * Sends an email once per id, without counting it in a quota. When an earlier run was interrupted between sending and recording, asks
 * the mail server whether it accepted the email. A server that cannot be asked gets the email again
 * with the same Message-ID, which mailboxes deduplicate.
 */
export const sendOnce = (ctx: Context, id: string, email: Email): Promise<void> =>
  send(ctx, id, email);

type Consume = (ctx: TenantContext, recipient: string) => Promise<void>;

async function send(ctx: Context, id: string, email: Email, consume?: Consume): Promise<void> {
  // Ids of jobs may contain slashes, which a Message-ID may not.
  const key = id.replaceAll('/', '.');
  const state = await claimDelivery(ctx, key, { to: email.to, consume });
  if (state !== 'sent') await completeDelivery(ctx, key, email, state);
}

/** Sends the email of a claimed key and records that it was sent. */
export async function completeDelivery(
  ctx: Context,
  key: string,
  { to, headers = {}, replyTo, ...content }: Email,
  state: 'new' | 'unknown',
): Promise<void> {
  const email = { to, headers, subject: content.title, ...renderEmail(content) };
  const messageId = `<${key}@${new URL(ctx.settings.publicUrl).hostname}>`;
  const isAccepted = state === 'unknown' && (await ctx.mail.wasAccepted?.(messageId));
  if (!isAccepted) await callMailer(ctx, { ...email, messageId, ...(replyTo && { replyTo }) });
  await withTenant(ctx, ({ tx, tenantId }) =>
    tx
      .update(emailDeliveries)
      .set({ sentAt: new Date() })
      .where(matches(emailDeliveries, { tenantId, key })),
  );
}

async function callMailer({ mail, outcomes }: Context, email: OutgoingEmail): Promise<void> {
  try {
    await mail.send(email);
    outcomes.count('emails_total', 'sent');
  } catch (error) {
    outcomes.count('emails_total', outageCode(error) ? 'unavailable' : 'rejected');
    throw error;
  }
}

function claimDelivery(
  ctx: Context,
  key: string,
  { to: recipient, consume }: { to: string; consume: Consume | undefined },
) {
  return withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const claimed = await tx
      .insert(emailDeliveries)
      .values({ tenantId, key, recipient })
      .onConflictDoNothing()
      .returning({ key: emailDeliveries.key });
    if (claimed.length > 0) {
      // A refusal undoes the claim.
      await consume?.(tenant, recipient);
      return 'new';
    }
    const [existing] = await tx
      .select({ sentAt: emailDeliveries.sentAt })
      .from(emailDeliveries)
      .where(matches(emailDeliveries, { tenantId, key }));
    return existing?.sentAt ? 'sent' : 'unknown';
  });
}
