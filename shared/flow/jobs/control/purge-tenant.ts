import type { Id } from '@insightdesk/shared/contract';
import { deleteKeys, scanKeys } from '@insightdesk/shared/valkey';
import type { Redis } from 'iovalkey';
import { queueNames } from '../definition/define-job.ts';
import { bullId, parseJobKey } from '../definition/job-keys.ts';
import { levels } from '../definition/priority.ts';
import type { Queues } from '../queue/queues.ts';
import { parkingTenantsKey, usageIndexKey } from '../quota/queue-usage.ts';

const PAGE = 1_000;

/** Deletes the jobs of an organization and all other keys of the queues that hold its id; returns how many. */
export async function purgeTenant(
  valkey: Redis,
  queues: Pick<Queues, 'get'>,
  tenantId: Id<'org'>,
  prefix = 'jobs',
): Promise<number> {
  let count = 0;
  for await (const keys of scanKeys(valkey, `${prefix}:*:${bullId({ tenantId, id: '*' })}`)) {
    for (const key of keys) {
      const { queue, ...job } = parseJobKey(key);
      // A running job cannot be removed; its keys are deleted below.
      if (!queueNames.includes(queue)) continue;
      count += await queues
        .get(queue)
        .remove(bullId(job))
        .catch(() => 0);
    }
  }
  count += await deleteKeys(valkey, `${prefix}:*${tenantId}*`);
  await valkey.zrem(usageIndexKey(prefix), tenantId);
  await valkey.zrem(parkingTenantsKey(prefix), tenantId);
  for (const queue of queueNames) {
    await valkey.hdel(`${prefix}:${queue}:turns`, ...levels.map((_, i) => `${tenantId}~${i + 1}`));
    await purgeEvents(valkey, `${prefix}:${queue}:events`, tenantId);
  }
  return count;
}

/** Deletes the organization's entries from the event stream of a queue. */
async function purgeEvents(valkey: Redis, stream: string, tenantId: Id<'org'>): Promise<void> {
  for (let after = '-'; ; ) {
    const entries = await valkey.xrange(stream, after, '+', 'COUNT', PAGE);
    const own = entries.filter(([, fields]) => fields.some((text) => text.includes(tenantId)));
    if (own.length > 0) await valkey.xdel(stream, ...own.map(([id]) => id));
    const last = entries.at(-1);
    if (!last || entries.length < PAGE) return;
    after = `(${last[0]}`;
  }
}
