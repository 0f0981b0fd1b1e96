import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, eq, isNotNull } from 'drizzle-orm';
import { identityKeys } from '../tables.ts';

/** Encrypts outdated secrets of an organization with the current key; returns their number. */
export function reencryptIdentityKeys(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  const { encryption } = ctx.security;
  return withTenant(ctx, async ({ tx, tenantId }) => {
    const hasSecret = and(eq(identityKeys.tenantId, tenantId), isNotNull(identityKeys.secret));
    const rows = await tx.select().from(identityKeys).where(hasSecret).for('update');
    let count = 0;
    for (const { id, secret: stored } of rows) {
      if (stored === null || encryption.isCurrent(stored)) continue;
      const plain = encryption.decrypt('identity-key', stored, tenantId);
      const secret = encryption.encrypt('identity-key', plain, tenantId);
      await tx.update(identityKeys).set({ secret }).where(matches(identityKeys, { tenantId, id }));
      count++;
    }
    return count;
  });
}
