import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { isWebhook } from './require-webhook.ts';
import type { WebhookKeys } from './signature.ts';
import { webhooks } from './tables.ts';

type Keeper = Pick<Context, 'secrets'> & { tenantId: Id<'org'> };
const PURPOSE = 'webhook';

/** What a webhook signs with, as it is stored. */
export const keepKeys = (
  { secrets, tenantId }: Keeper,
  { secret, privateKey }: Pick<WebhookKeys, 'secret' | 'privateKey'>,
) => secrets.encrypt(PURPOSE, `${secret} ${privateKey}`, tenantId);

/** What is stored, as it signs; a secret of the releases before this stands there as it is, alone. */
export const readKeys = (keeper: Keeper, stored: string) => read(keeper, stored).split(' ');

const read = ({ secrets, tenantId }: Keeper, stored: string) =>
  secrets.isSealed(stored) ? secrets.decrypt(PURPOSE, stored, tenantId) : stored;

/** Encrypts an organisation's secrets by the key of now; gives how many were not. */
export function renewSecrets(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  const renewed = (stored: string | null) =>
    stored === null || ctx.secrets.isCurrent(stored)
      ? stored
      : ctx.secrets.encrypt(PURPOSE, read(ctx, stored), ctx.tenantId);
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
