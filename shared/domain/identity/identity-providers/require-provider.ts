import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { ProviderErrors } from './errors.ts';
import { identityProviders } from './tables.ts';

export async function requireProvider(ctx: TenantContext, id: Id<'idp'>) {
  const [row] = await ctx.tx
    .select()
    .from(identityProviders)
    .where(providerById(ctx, id))
    .execute();
  if (!row) throw ProviderErrors.NotFound();
  return row;
}

/** Throws 404 also for a disabled provider. */
export async function requireEnabledProvider(ctx: TenantContext, id: Id<'idp'>) {
  const provider = await requireProvider(ctx, id);
  if (!provider.enabled) throw ProviderErrors.NotFound();
  return provider;
}

export const providerById = ({ tenantId }: Pick<TenantContext, 'tenantId'>, id: Id<'idp'>) =>
  matches(identityProviders, { tenantId, id });
