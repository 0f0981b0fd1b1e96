import { type Context, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { type EmailContent, type OutgoingEmail, renderEmail } from '@insightdesk/shared/email';
import { outageCode } from '@insightdesk/shared/errors';
import { emailDeliveries } from './tables.ts';

type Email = EmailContent & Pick<OutgoingEmail, 'to' | 'headers'>;

/**
 * Sends an email once per id. When an earlier run was interrupted between sending and recording, asks
 * the mail server whether it accepted the email. A server that cannot be asked gets the email again
 * with the same Message-ID, which mailboxes deduplicate.
 */
export async function sendOnce(
  ctx: Context,
  id: string,
  { to, headers = {}, ...content }: Email,
): Promise<void> {
  const email = { to, headers, subject: content.title, ...renderEmail(content) };
  // Ids of jobs may contain slashes, which a Message-ID may not.
  const key = id.replaceAll('/', '.');
  const messageId = `<${key}@${new URL(ctx.settings.publicUrl).hostname}>`;
  const state = await claimDelivery(ctx, key, to);
  if (state === 'sent') return;
  const isAccepted = state === 'unknown' && (await ctx.mail.wasAccepted?.(messageId));
  if (!isAccepted) await send(ctx, { ...email, messageId });
  await withTenant(ctx, ({ tx, tenantId }) =>
    tx
      .update(emailDeliveries)
      .set({ sentAt: new Date() })
      .where(matches(emailDeliveries, { tenantId, key })),
  );
}

async function send({ mail, outcomes }: Context, email: OutgoingEmail): Promise<void> {
  try {
    await mail.send(email);
    outcomes.count('emails_total', 'sent');
  } catch (error) {
    outcomes.count('emails_total', outageCode(error) ? 'unavailable' : 'rejected');
    throw error;
  }
}

function claimDelivery(ctx: Context, key: string, recipient: string) {
  return withTenant(ctx, async ({ tx, tenantId }) => {
    const claimed = await tx
      .insert(emailDeliveries)
      .values({ tenantId, key, recipient })
      .onConflictDoNothing()
      .returning({ key: emailDeliveries.key });
    if (claimed.length > 0) return 'new';
    const [existing] = await tx
      .select({ sentAt: emailDeliveries.sentAt })
      .from(emailDeliveries)
      .where(matches(emailDeliveries, { tenantId, key }));
    return existing?.sentAt ? 'sent' : 'unknown';
  });
}
