import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';

/**
 * How many sockets there are, over all replicas. Each replica has one hash, of its own counts, that
 * lives as long as it is renewed: what a killed one held is gone with it. `lease` is set by a full
 * rewrite only, so a hash without it has been lost and is not to be trusted. All keys share a hash
 * tag, because one script reads them all.
 */
export const socketReplicas = '{sockets}:replicas';
/** The key of a replica's own counts. */
export const socketCountsOf = (instance: string) => `{sockets}:of:${instance}`;
/** The field in it of an organisation. */
export const socketsOf = (tenantId: Id<'org'>) => `org:${tenantId}`;

/** What a replica listens to while it lives: the kernel ends that with the process, no lease does. */
export const socketTopicOf = (instance: string) => `{sockets}:alive:${instance}`;

/** The value of `lease` of a replica that listens to its topic. */
export const LISTENS = 2;

/** Open sockets of an organisation on all replicas that are there at this moment. */
export async function countOpenSockets(
  valkey: Pick<Valkey, 'smembers' | 'pipeline'>,
  tenantId: Id<'org'>,
): Promise<number> {
  const instances = await valkey.smembers(socketReplicas);
  if (instances.length === 0) return 0;
  const looks = valkey.pipeline();
  looks.pubsub('NUMSUB', ...instances.map(socketTopicOf));
  for (const instance of instances) {
    looks.hmget(socketCountsOf(instance), 'lease', socketsOf(tenantId));
  }
  const [[, listening] = [], ...held] = (await looks.exec()) ?? [];
  return held.reduce((sum, [, counts], at) => {
    const [lease, open] = counts as [string | null, string | null];
    const isGone = Number(lease) === LISTENS && Number((listening as unknown[])[at * 2 + 1]) === 0;
    return lease === null || isGone ? sum : sum + Number(open ?? 0);
  }, 0);
}
