import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireKey } from './select-api-keys.ts';
import { keyView, toKey } from './view.ts';

export const getKey = defineAction({
  summary: 'Read an API key, without its secret',
  input: z.strictObject({ id: idSchema('key') }),
  output: keyView,
  allow: 'api-keys:read',
  transaction: 'read',
  run: async (ctx, { id }) => toKey(await requireKey(ctx, id)),
});
