import type { Redis } from 'iovalkey';
import { cancelTopic } from './cancel.ts';
import { newcomerTopic } from './kept-place.ts';

/** Whether a worker is there that keeps no place: one of a release which fails jobs that came later. */
export async function hasOlderWorkers(
  valkey: Pick<Redis, 'pubsub'>,
  prefix = 'jobs',
): Promise<boolean> {
  const topics = [cancelTopic(prefix), newcomerTopic(prefix)];
  const [, all, , younger] = (await valkey.pubsub('NUMSUB', ...topics)) as (string | number)[];
  return Number(all) > Number(younger);
}
