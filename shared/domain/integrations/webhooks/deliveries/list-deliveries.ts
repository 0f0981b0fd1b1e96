import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, matches, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, getTableColumns, lt } from 'drizzle-orm';
import { z } from 'zod';
import { requireWebhook } from '../get-webhook.ts';
import {
  webhookDeliveries as deliveries,
  deliveryStatuses,
  joinsEvent,
  outboundEvents,
} from '../tables.ts';
import { deliveryView, toDelivery } from '../view.ts';

/** The deliveries of a webhook, newest event first. */
export const listDeliveries = defineAction({
  summary: 'List the deliveries of a webhook',
  input: z.strictObject({
    id: idSchema('whk'),
    ...pageInput,
    status: z.enum(deliveryStatuses).optional().describe('Only deliveries with this status'),
  }),
  output: pageSchema(deliveryView),
  allow: 'webhooks:read',
  transaction: 'read',
  async run(ctx, { id, limit, cursor, status }) {
    const before = decodeCursor(cursor, z.int());
    const [, rows] = await Promise.all([
      requireWebhook(ctx, id),
      ctx.tx
        .select({ ...getTableColumns(deliveries), type: outboundEvents.type })
        .from(deliveries)
        .innerJoin(outboundEvents, joinsEvent)
        .where(
          and(
            matches(deliveries, { tenantId: ctx.tenantId, webhookId: id }),
            status && eq(deliveries.status, status),
            before !== undefined ? lt(deliveries.position, before) : undefined,
          ),
        )
        .orderBy(desc(deliveries.position))
        .limit(limit + 1)
        .execute(),
    ]);
    return toPage(rows, limit, ({ position }) => position, toDelivery);
  },
});
