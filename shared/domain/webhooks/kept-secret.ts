import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { isWebhook } from './require-webhook.ts';
import { webhooks } from './tables.ts';

type Keeper = Pick<Context, 'secrets'> & { tenantId: Id<'org'> };
const PURPOSE = 'webhook';

/** A webhook's secret as it is stored. */
export const keepSecret = ({ secrets, tenantId }: Keeper, secret: string) =>
  secrets.encrypt(PURPOSE, secret, tenantId);

/** A stored secret as it signs; those of the releases before this are stored as they are. */
export const readSecret = ({ secrets, tenantId }: Keeper, stored: string) =>
  secrets.isSealed(stored) ? secrets.decrypt(PURPOSE, stored, tenantId) : stored;

/** Encrypts an organisation's secrets by the key of now; gives how many were not. */
export function renewSecrets(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  const renewed = (stored: string | null) =>
    stored === null || ctx.secrets.isCurrent(stored)
      ? stored
      : keepSecret(ctx, readSecret(ctx, stored));
  return withTenant(ctx, async (tenant) => {
    const rows = await tenant.tx
      .select()
      .from(webhooks)
      .where(eq(webhooks.tenantId, tenant.tenantId))
      .for('update');
    let count = 0;
    for (const row of rows) {
      const secret = renewed(row.secret) as string;
      const previousSecret = renewed(row.previousSecret);
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
