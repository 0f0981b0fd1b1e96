import type { Redis } from 'iovalkey';
import { reservedSlotTopic } from '../fairness/reserved-slot.ts';
import { cancelTopic } from '../queue/cancellation.ts';

/** Whether workers of a release without reserved slots run; those fail jobs that they do not know. */
export async function hasOlderWorkers(
  valkey: Pick<Redis, 'pubsub'>,
  prefix = 'jobs',
): Promise<boolean> {
  const topics = [cancelTopic(prefix), reservedSlotTopic(prefix)];
  const [, all, , current] = (await valkey.pubsub('NUMSUB', ...topics)) as (string | number)[];
  return Number(all) > Number(current);
}
