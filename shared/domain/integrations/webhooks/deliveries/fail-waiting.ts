import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { webhookDeliveries as deliveries } from '../tables.ts';

/** Fails the waiting deliveries of a disabled webhook; a replay starts them again. */
export async function failWaiting({ tx, tenantId }: TenantContext, webhookId: Id<'whk'>) {
  await tx
    .update(deliveries)
    .set({ status: 'failed', error: sql`coalesce(${deliveries.error}, 'The webhook is disabled')` })
    .where(matches(deliveries, { tenantId, webhookId, status: 'waiting' }));
}
