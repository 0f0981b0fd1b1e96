import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { desc, lt } from 'drizzle-orm';
import { z } from 'zod';
import { selectApiKeys } from './get-api-key.ts';
import { apiKeys } from './tables.ts';
import { apiKeyView, toApiKey } from './view.ts';

/** Newest first, with those that ended recently. */
export const listApiKeys = defineAction({
  summary: 'List API keys',
  input: z.strictObject(pageInput),
  output: pageSchema(apiKeyView),
  allow: 'api-keys:read',
  transaction: 'read',
  async run(ctx, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('key'));
    const rows = await selectApiKeys(ctx, before && lt(apiKeys.id, before))
      .orderBy(desc(apiKeys.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toApiKey);
  },
});
