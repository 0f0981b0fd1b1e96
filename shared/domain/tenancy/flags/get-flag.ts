import { type Context, defineAction } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { FLAGS_TAG } from './events.ts';
import {
  type FlagName,
  type FlagValue,
  type FlagValues,
  flagsView,
  toFlags,
  withDefaults,
} from './flag-catalog.ts';
import { flags } from './tables.ts';

/** A change invalidates every process at once; without the invalidation it takes this long. */
const TTL_SECONDS = 0.5;

type FlagReader = Pick<Context, 'cache' | 'database'> & { tenantId: Id<'org'> };

const byTenant = statement({ tenantId: flags.tenantId }, ({ tenantId }, q) =>
  q.select().from(flags).where(eq(flags.tenantId, tenantId)),
);

/** A flag of the context's organization; read from the cache, at most twice a second from the database. */
export async function getFlag<N extends FlagName>(ctx: FlagReader, name: N): Promise<FlagValue<N>> {
  return (await getFlags(ctx))[name];
}

/** All flags of the context's organization. */
export function getFlags({ cache, database, tenantId }: FlagReader): Promise<FlagValues> {
  const load = async () =>
    withDefaults(await database.read({ tenantId }, (tx) => byTenant(tx, { tenantId })));
  return cache
    .forTenant(tenantId)
    .namespace('flags')
    .memoize(() => 'all', load, { ttlSeconds: TTL_SECONDS, tags: [FLAGS_TAG] })();
}

export const listFlags = defineAction({
  summary: 'List feature flags',
  input: z.strictObject({}),
  output: flagsView,
  allow: 'flags:read',
  transaction: 'read',
  async run({ tx, tenantId }) {
    const rows = await tx.select().from(flags).where(eq(flags.tenantId, tenantId)).execute();
    return toFlags(withDefaults(rows));
  },
});
