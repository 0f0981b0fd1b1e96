import type { Redis } from 'iovalkey';
import { type QueueName, queueNames } from '../definition/define-job.ts';
import { UNASSIGNED_RANK } from '../definition/priority.ts';

/** The backlog of a queue, by which workers are scaled. */
export interface Backlog {
  waiting: number;
  active: number;
  /** How long the oldest waiting job has been due. */
  oldestSeconds: number;
  /** A paused queue does not count as a backlog. */
  isPaused: boolean;
}

/** Turns are fair, so the oldest job of an organization is among the first ones. */
const SAMPLE_SIZE = 200;

/** Reads the backlog of every queue, in two round trips. */
export async function readBacklog(
  valkey: Redis,
  prefix = 'jobs',
): Promise<Record<QueueName, Backlog>> {
  const lookups = valkey.pipeline();
  for (const name of queueNames) {
    const key = (state: string) => `${prefix}:${name}:${state}`;
    lookups.llen(key('wait')).zcard(key('prioritized')).llen(key('active'));
    lookups.lrange(key('wait'), -1, -1).zrange(key('prioritized'), 0, SAMPLE_SIZE - 1);
    const unassigned = UNASSIGNED_RANK * 2 ** 32;
    lookups.zrangebyscore(key('prioritized'), unassigned, '+inf', 'LIMIT', 0, 1);
    lookups.hexists(key('meta'), 'paused');
  }
  const found = (await lookups.exec()) ?? [];
  const reply = (queue: number, n: number) => found[queue * 7 + n]?.[1];
  const ids = queueNames.map((_, q) => [3, 4, 5].flatMap((n) => (reply(q, n) as string[]) ?? []));
  const reads = valkey.pipeline();
  for (const [q, name] of queueNames.entries()) {
    for (const id of ids[q] ?? []) reads.hmget(`${prefix}:${name}:${id}`, 'timestamp', 'opts');
  }
  const times = ((await reads.exec()) ?? []).map(([, fields]) => dueAt(fields as string[]));
  const backlogs = queueNames.map((name, q): [QueueName, Backlog] => {
    const own = times.splice(0, ids[q]?.length ?? 0).filter((ms) => ms > 0);
    const oldestSeconds = own.length === 0 ? 0 : Math.max(0, Date.now() - Math.min(...own)) / 1_000;
    const waiting = Number(reply(q, 0) ?? 0) + Number(reply(q, 1) ?? 0);
    const isPaused = reply(q, 6) === 1;
    return [name, { waiting, active: Number(reply(q, 2) ?? 0), oldestSeconds, isPaused }];
  });
  return Object.fromEntries(backlogs) as Record<QueueName, Backlog>;
}

function dueAt([timestamp, opts]: (string | null)[]): number {
  if (!timestamp) return 0;
  const { delay = 0 } = JSON.parse(opts ?? '{}') as { delay?: number };
  return Number(timestamp) + delay;
}
