import { type Context, withTenant } from '@insightdesk/shared/context';
import type { FlagValues } from './catalogue.ts';
import { keepFlags, type WantedFlags } from './keep-flags.ts';

/** Changes flags of the context's organisation; the values are checked already. Gives all of them. */
export const setFlags = (ctx: Context, wanted: WantedFlags): Promise<FlagValues> =>
  withTenant(ctx, (tenant) => keepFlags(tenant, wanted));
