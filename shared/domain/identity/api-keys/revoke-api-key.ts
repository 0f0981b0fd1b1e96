import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { keyRevoked } from './events.ts';
import { apiKeyById, lockApiKey } from './lock-api-key.ts';
import { apiKeys } from './tables.ts';

/** Ends a key at once, with every socket that it holds. */
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
    await record(ctx, keyRevoked, { keyId: id, userId });
  },
});
