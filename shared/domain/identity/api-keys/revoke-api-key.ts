import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { keyRevoked } from './events.ts';
import { isKey, lockKey } from './lock-api-key.ts';
import { apiKeys } from './tables.ts';

/** Ends a key at once, with every socket that it holds. */
export const revokeKey = defineAction({
  summary: 'Revoke an API key',
  input: z.strictObject({ id: idSchema('key') }),
  output: z.void(),
  allow: 'api-keys:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const { revokedAt, userId } = await lockKey(ctx, id);
    if (revokedAt) return;
    await ctx.tx.update(apiKeys).set({ revokedAt: new Date() }).where(isKey(ctx, id));
    await record(ctx, keyRevoked, { keyId: id, userId });
  },
});
