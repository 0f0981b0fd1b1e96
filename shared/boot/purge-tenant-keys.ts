import { purgeTenant as purgeCache } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';
import { purgeTenant as purgeRateLimits } from '@insightdesk/shared/http';
import { purgeTenant as purgeJobs, type Queues } from '@insightdesk/shared/jobs';
import { purgeTenant as purgeRealtime } from '@insightdesk/shared/realtime';
import { deleteKeys, type Valkey } from '@insightdesk/shared/valkey';
import type { ConnectValkey, ValkeyPurpose } from './connect-valkey.ts';

interface Stores {
  connect: ConnectValkey;
  queues: Pick<Queues, 'get'>;
  /** Of the queues. */
  prefix?: string;
}

type Purge = (valkey: Valkey, tenantId: Id<'org'>, stores: Stores) => Promise<number>;

/** Every owner of keys with an organization's id, and the server of these keys. */
const owners: Readonly<Record<string, { server: ValkeyPurpose; purge: Purge }>> = {
  cache: { server: 'cache', purge: purgeCache },
  'rate limits': { server: 'session', purge: purgeRateLimits },
  realtime: { server: 'default', purge: purgeRealtime },
  jobs: {
    server: 'queue',
    purge: (valkey, tenantId, { queues, prefix }) => purgeJobs(valkey, queues, tenantId, prefix),
  },
};

const servers: readonly ValkeyPurpose[] = ['default', 'cache', 'queue', 'session'];

/**
 * Deletes all keys of an organization in Valkey and returns how many by owner. `other` counts keys
 * that no owner deleted; they are deleted too.
 */
export async function purgeTenantKeys(
  stores: Stores,
  tenantId: Id<'org'>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const on = async (server: ValkeyPurpose, purge: (valkey: Valkey) => Promise<number>) => {
    const valkey = stores.connect(server, 'command', 'purge');
    try {
      return await purge(valkey);
    } finally {
      valkey.disconnect();
    }
  };
  for (const [name, { server, purge }] of Object.entries(owners)) {
    counts[name] = await on(server, (valkey) => purge(valkey, tenantId, stores));
  }
  let other = 0;
  for (const server of servers) {
    other += await on(server, (valkey) => deleteKeys(valkey, `*${tenantId}*`));
  }
  return { ...counts, other };
}
