import {
  type Context,
  defineAction,
  requireCan,
  type UserTenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { addHours } from '@insightdesk/shared/utils';
import { and, desc, gt, lte, notInArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { createSecret } from './api-key-secret.ts';
import { ApiKeyErrors } from './errors.ts';
import { apiKeyOverlapEnded, apiKeyRotated } from './events.ts';
import { lockApiKey } from './get-api-key.ts';
import { apiKeySecrets } from './tables.ts';
import { secretView } from './view.ts';

const MAX_OVERLAP_HOURS = 168;

/** The previous secret works until the overlap ends; older ones stop working at once. */
export const rotateApiKey = defineAction({
  summary: 'Rotate the secret of an API key; the old one works until the overlap ends',
  input: z.strictObject({
    id: idSchema('key'),
    overlapHours: z.number().min(0).max(MAX_OVERLAP_HOURS).default(24),
  }),
  output: z
    .object({ ...secretView.shape, overlapUntil: z.iso.datetime() })
    .meta({ id: 'RotatedApiKey' }),
  allow: 'api-keys:manage',
  transaction: 'write',
  async run(ctx, { id, overlapHours }) {
    const key = await lockApiKey(ctx, id);
    const { role, permissions, expiresAt, revokedAt, userId } = key;
    const now = new Date();
    if (revokedAt || expiresAt <= now) throw ApiKeyErrors.Ended();
    // The secret grants the permissions of the key.
    requireCan(ctx.actor, 'api-keys:manage', { kind: 'privileges', role, permissions });
    const ends = [addHours(now, overlapHours), expiresAt].map((end) => end.getTime());
    const until = new Date(Math.min(...ends));
    await expireOldSecrets(ctx, id, until);
    const secret = await createSecret(ctx, key);
    const overlapUntil = until.toISOString();
    await record(ctx, apiKeyRotated, { keyId: id, userId, overlapUntil });
    return { secret, overlapUntil };
  },
});

async function expireOldSecrets(
  { tx, tenantId }: UserTenantContext,
  keyId: Id<'key'>,
  until: Date,
) {
  const isOfKey = matches(apiKeySecrets, { tenantId, keyId });
  const newest = tx
    .select({ id: apiKeySecrets.id })
    .from(apiKeySecrets)
    .where(isOfKey)
    .orderBy(desc(apiKeySecrets.createdAt), desc(apiKeySecrets.id))
    .limit(1);
  await tx.delete(apiKeySecrets).where(and(isOfKey, notInArray(apiKeySecrets.id, newest)));
  await tx
    .update(apiKeySecrets)
    .set({ expiresAt: until })
    .where(and(isOfKey, gt(apiKeySecrets.expiresAt, sql`${until.toISOString()}::timestamptz`)));
}

/** Deletes the expired secret of a rotated key, which closes the sockets that were opened with it. */
export const endOverlap = (ctx: Context, key: { keyId: Id<'key'>; userId: Id<'usr'> }) =>
  withTenant(ctx, async (tenant) => {
    await tenant.tx.delete(apiKeySecrets).where(
      and(
        matches(apiKeySecrets, { tenantId: tenant.tenantId, keyId: key.keyId }),
        // The clock of the worker may be ahead of the database's.
        lte(apiKeySecrets.expiresAt, sql`now() + interval '1 second'`),
      ),
    );
    await record(tenant, apiKeyOverlapEnded, key);
  });
