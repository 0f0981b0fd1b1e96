import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, sql } from 'drizzle-orm';
import { webhookDeliveries as deliveries } from '../tables.ts';

/** Fails the waiting deliveries of a disabled webhook; a replay starts them again. */
export async function failWaiting({ tx, tenantId }: TenantContext, webhookId: Id<'whk'>) {
  await tx
    .update(deliveries)
    .set({ status: 'failed', error: sql`coalesce(${deliveries.error}, 'The webhook is disabled')` })
    .where(
      and(
        eq(deliveries.tenantId, tenantId),
        eq(deliveries.webhookId, webhookId),
        eq(deliveries.status, 'waiting'),
      ),
    );
}
