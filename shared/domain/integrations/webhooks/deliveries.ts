import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, sql } from 'drizzle-orm';
import { webhookDeliveries as deliveries, outgoingEvents } from './tables.ts';

/** Joins a delivery with what it tells. */
export const isItsEvent = and(
  eq(outgoingEvents.tenantId, deliveries.tenantId),
  eq(outgoingEvents.eventId, deliveries.eventId),
);

/** Ends what waits for a webhook that is switched off; a replay takes it up again. */
export async function abandon({ tx, tenantId }: TenantContext, webhookId: Id<'whk'>) {
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
