import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { providerById } from './require-provider.ts';
import { identityProviders } from './tables.ts';

/** Encrypts outdated client secrets of an organization with the current key; returns their number. */
export function reencryptClientSecrets(ctx: Context & { tenantId: Id<'org'> }): Promise<number> {
  const { encryption } = ctx.security;
  return withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const isOwn = eq(identityProviders.tenantId, tenantId);
    const rows = await tx.select().from(identityProviders).where(isOwn).for('update');
    const outdated = rows.filter((row) => !encryption.isCurrent(row.clientSecret));
    for (const { id, clientSecret: stored } of outdated) {
      const plain = encryption.decrypt('oauth-client', stored, tenantId);
      const clientSecret = encryption.encrypt('oauth-client', plain, tenantId);
      await tx.update(identityProviders).set({ clientSecret }).where(providerById(tenant, id));
    }
    return outdated.length;
  });
}
