import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { isWebhook } from '../get-webhook.ts';
import { webhooks } from '../tables.ts';
import { resealKeys } from './stored-keys.ts';

/** Encrypts an organization's webhook secrets with the current key; returns how many changed. */
export function resealSecrets(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  return withTenant(ctx, async (tenant) => {
    const rows = await tenant.tx
      .select()
      .from(webhooks)
      .where(eq(webhooks.tenantId, tenant.tenantId))
      .for('update');
    let count = 0;
    for (const row of rows) {
      const secret = resealKeys(ctx, row.secret);
      const previousSecret = row.previousSecret && resealKeys(ctx, row.previousSecret);
      if (secret === row.secret && previousSecret === row.previousSecret) continue;
      count++;
      await tenant.tx
        .update(webhooks)
        .set({ secret, previousSecret })
        .where(isWebhook(tenant, row.id));
    }
    return count;
  });
}
