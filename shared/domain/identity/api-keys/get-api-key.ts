import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireApiKey } from './select-api-keys.ts';
import { apiKeyView, toApiKey } from './view.ts';

export const getApiKey = defineAction({
  summary: 'Get an API key',
  input: z.strictObject({ id: idSchema('key') }),
  output: apiKeyView,
  allow: 'api-keys:read',
  transaction: 'read',
  run: async (ctx, { id }) => toApiKey(await requireApiKey(ctx, id)),
});
