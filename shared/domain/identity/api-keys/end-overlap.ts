import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, lte, sql } from 'drizzle-orm';
import { apiKeyOverlapEnded } from './events.ts';
import { apiKeySecrets } from './tables.ts';

/** Deletes the expired secret of a rotated key, which closes the sockets that were opened with it. */
export const endOverlap = (ctx: Context, key: { keyId: Id<'key'>; userId: Id<'usr'> }) =>
  withTenant(ctx, async (tenant) => {
    await tenant.tx.delete(apiKeySecrets).where(
      and(
        eq(apiKeySecrets.tenantId, tenant.tenantId),
        eq(apiKeySecrets.keyId, key.keyId),
        // The clock of the worker may be ahead of the database's.
        lte(apiKeySecrets.expiresAt, sql`now() + interval '1 second'`),
      ),
    );
    await record(tenant, apiKeyOverlapEnded, key);
  });
