import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { ApiKeyErrors } from './errors.ts';
import { selectApiKeys } from './select-api-keys.ts';
import { apiKeys } from './tables.ts';
import { apiKeyView, toApiKey } from './view.ts';

export const getApiKey = defineAction({
  summary: 'Get an API key',
  input: z.strictObject({ id: idSchema('key') }),
  output: apiKeyView,
  allow: 'api-keys:read',
  transaction: 'read',
  run: async (ctx, { id }) => toApiKey(await requireApiKey(ctx, id)),
});

export async function requireApiKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await selectApiKeys(ctx, eq(apiKeys.id, id)).execute();
  if (!row) throw ApiKeyErrors.NotFound();
  return row;
}
