import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';

/**
 * The set of replicas that count their open sockets. Each replica has one hash of its own counts that
 * expires unless it is renewed, so the counts of a killed replica disappear. `lease` is written by a
 * full rewrite only: a hash without it was lost and is ignored. All keys share a hash tag, because
 * one script reads them all.
 */
export const SOCKET_REPLICAS_KEY = '{sockets}:replicas';
/** The key of a replica's counts. */
export const socketCountsKey = (instance: string) => `{sockets}:of:${instance}`;
/** The field of an organization in a replica's counts. */
export const organizationField = (tenantId: Id<'org'>) => `org:${tenantId}`;

/** A replica is subscribed to it while it lives: the subscription ends with its process. */
export const livenessTopic = (instance: string) => `{sockets}:alive:${instance}`;

/** The value of `lease` of a replica that is subscribed to its liveness topic. */
export const SUBSCRIBED_LEASE = 2;

/** Counts the open sockets of an organization on all living replicas. */
export async function countOpenSockets(
  valkey: Pick<Valkey, 'smembers' | 'pipeline'>,
  tenantId: Id<'org'>,
): Promise<number> {
  const instances = await valkey.smembers(SOCKET_REPLICAS_KEY);
  if (instances.length === 0) return 0;
  const pipeline = valkey.pipeline();
  pipeline.pubsub('NUMSUB', ...instances.map(livenessTopic));
  for (const instance of instances) {
    pipeline.hmget(socketCountsKey(instance), 'lease', organizationField(tenantId));
  }
  const [[, subscribers] = [], ...replies] = (await pipeline.exec()) ?? [];
  return replies.reduce((sum, [, counts], index) => {
    const [lease, open] = counts as [string | null, string | null];
    const subscriberCount = Number((subscribers as unknown[])[index * 2 + 1]);
    const isGone = Number(lease) === SUBSCRIBED_LEASE && subscriberCount === 0;
    return lease === null || isGone ? sum : sum + Number(open ?? 0);
  }, 0);
}
