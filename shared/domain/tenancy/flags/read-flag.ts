import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { type FlagName, type FlagValue, type FlagValues, withDefaults } from './catalogue.ts';
import { FLAGS_TAG } from './events.ts';
import { flags } from './tables.ts';

/** A change reaches every process at once, and within this where the news of it is lost. */
const TTL_SECONDS = 0.5;

type Looks = Pick<Context, 'cache' | 'database'> & { tenantId: Id<'org'> };

const byTenant = statement({ tenantId: flags.tenantId }, ({ tenantId }, q) =>
  q.select().from(flags).where(eq(flags.tenantId, tenantId)),
);

/** A flag of the context's organisation, from this process's memory but for twice a second. */
export async function readFlag<N extends FlagName>(ctx: Looks, name: N): Promise<FlagValue<N>> {
  return (await readFlags(ctx))[name];
}

/** All flags of the context's organisation. */
export function readFlags({ cache, database, tenantId }: Looks): Promise<FlagValues> {
  const load = async () =>
    withDefaults(await database.read({ tenantId }, (tx) => byTenant(tx, { tenantId })));
  return cache
    .forTenant(tenantId)
    .namespace('flags')
    .memoize(() => 'all', load, { ttlSeconds: TTL_SECONDS, tags: [FLAGS_TAG] })();
}
