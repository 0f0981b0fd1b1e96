import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { webhooks } from './tables.ts';
import { toWebhook, webhookView } from './view.ts';

export const listWebhooks = defineAction({
  summary: 'List webhooks',
  input: z.strictObject(pageInput),
  output: pageSchema(webhookView),
  allow: 'webhooks:read',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('whk'));
    const rows = await tx
      .select()
      .from(webhooks)
      .where(and(eq(webhooks.tenantId, tenantId), before && lt(webhooks.id, before)))
      .orderBy(desc(webhooks.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toWebhook);
  },
});
