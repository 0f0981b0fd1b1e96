import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { renewKept } from './kept-secret.ts';
import { isWebhook } from './require-webhook.ts';
import { webhooks } from './tables.ts';

/** Encrypts an organisation's secrets by the key of now; gives how many were not. */
export function renewSecrets(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  return withTenant(ctx, async (tenant) => {
    const rows = await tenant.tx
      .select()
      .from(webhooks)
      .where(eq(webhooks.tenantId, tenant.tenantId))
      .for('update');
    let count = 0;
    for (const row of rows) {
      const secret = renewKept(ctx, row.secret);
      const { previousSecret: before } = row;
      const previousSecret = before === null ? null : renewKept(ctx, before);
      if (secret === row.secret && previousSecret === before) continue;
      count++;
      await tenant.tx
        .update(webhooks)
        .set({ secret, previousSecret })
        .where(isWebhook(tenant, row.id));
    }
    return count;
  });
}
