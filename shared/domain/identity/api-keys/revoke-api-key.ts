import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { apiKeyRevoked } from './events.ts';
import { apiKeyById, lockApiKey } from './get-api-key.ts';
import { apiKeys } from './tables.ts';

export const revokeApiKey = defineAction({
  summary: 'Revoke an API key',
  input: z.strictObject({ id: idSchema('key') }),
  output: z.void(),
  allow: 'api-keys:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const { revokedAt, userId } = await lockApiKey(ctx, id);
    if (revokedAt) return;
    await ctx.tx.update(apiKeys).set({ revokedAt: new Date() }).where(apiKeyById(ctx, id));
    await record(ctx, apiKeyRevoked, { keyId: id, userId });
  },
});
