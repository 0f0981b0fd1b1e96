import { type Context, withTenant } from '@insightdesk/shared/context';
import { and, eq } from 'drizzle-orm';
import { deliveries } from './tables.ts';

export interface Email {
  to: string;
  subject: string;
  text: string;
  html: string;
  headers?: Record<string, string>;
}

/**
 * Sends a letter once per key. A run that was cut off between the hand-over and its record is
 * resolved by asking the mail system, where it can be asked; where it cannot, the letter goes out
 * again under the same Message-ID, which mailboxes fold into one.
 */
export async function sendOnce(ctx: Context, key: string, letter: Email): Promise<void> {
  const messageId = `<${key}@${new URL(ctx.settings.publicUrl).hostname}>`;
  const state = await claim(ctx, key, letter.to);
  if (state === 'sent') return;
  const accepted = state === 'unclear' && (await ctx.mail.wasAccepted?.(messageId));
  if (!accepted) await ctx.mail.send({ ...letter, messageId });
  await withTenant(ctx, ({ tx, tenantId }) =>
    tx
      .update(deliveries)
      .set({ sentAt: new Date() })
      .where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.key, key))),
  );
}

function claim(ctx: Context, key: string, recipient: string) {
  return withTenant(ctx, async ({ tx, tenantId }) => {
    const claimed = await tx
      .insert(deliveries)
      .values({ tenantId, key, recipient })
      .onConflictDoNothing()
      .returning({ key: deliveries.key });
    if (claimed.length > 0) return 'new';
    const [known] = await tx
      .select({ sentAt: deliveries.sentAt })
      .from(deliveries)
      .where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.key, key)));
    return known?.sentAt ? 'sent' : 'unclear';
  });
}
