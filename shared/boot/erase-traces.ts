import type { Id } from '@insightdesk/shared/contract';
import { bullId, parseJobKey, type Queues, queueNames } from '@insightdesk/shared/jobs';
import type { Valkey } from '@insightdesk/shared/valkey';
import type { Parts, ValkeyPurpose } from './parts.ts';

const purposes: ValkeyPurpose[] = ['default', 'cache', 'queue', 'session'];
const AT_ONCE = 1_000;

interface Stores {
  connect: Parts['connectValkey'];
  queues: Pick<Queues, 'get'>;
  /** Of the queues. */
  prefix?: string;
}

/**
 * Removes what Valkey holds of an organisation: its jobs as BullMQ does, then every key that bears
 * its id, and its members of the few collections that all share.
 */
export async function eraseTraces(
  { connect, queues, prefix = 'jobs' }: Stores,
  tenantId: Id<'org'>,
): Promise<{ keys: number; jobs: number }> {
  const found = { keys: 0, jobs: 0 };
  for (const purpose of purposes) {
    const valkey = connect(purpose, 'command', 'erasure');
    try {
      for await (const keys of keysOf(valkey, `*${tenantId}*`)) {
        for (const key of keys) if (await removeJob(queues, key)) found.jobs++;
        found.keys += await valkey.unlink(...keys);
      }
      await leaveShared(valkey, prefix, tenantId);
    } finally {
      valkey.disconnect();
    }
  }
  return found;
}

async function* keysOf(valkey: Valkey, match: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, keys] = await valkey.scan(cursor, 'MATCH', match, 'COUNT', AT_ONCE);
    if (keys.length > 0) yield keys;
    cursor = next;
  } while (cursor !== '0');
}

/** A job that runs just now is removed when it is looked for again. */
async function removeJob(queues: Pick<Queues, 'get'>, key: string): Promise<boolean> {
  const { queue, ...job } = parseJobKey(key);
  if (!queueNames.includes(queue)) return false;
  return (
    (await queues
      .get(queue)
      .remove(bullId(job))
      .catch(() => 0)) === 1
  );
}

/** Collections of all organisations, whose members bear an organisation's id. */
const sharedBy = (prefix: string) => [
  'presence:channels',
  '{sockets}:of:*',
  `${prefix}:loads`,
  `${prefix}:held`,
  `${prefix}:*:turns`,
  `${prefix}:*:events`,
];

async function leaveShared(valkey: Valkey, prefix: string, tenantId: Id<'org'>): Promise<void> {
  for (const match of sharedBy(prefix)) {
    for await (const keys of keysOf(valkey, match)) {
      for (const key of keys) await leave[await typeOf(valkey, key)]?.(valkey, key, tenantId);
    }
  }
}

const typeOf = async (valkey: Valkey, key: string) =>
  (await valkey.type(key)) as keyof typeof leave;

const leave = {
  async zset(valkey: Valkey, key: string, tenantId: string) {
    let cursor = '0';
    do {
      const scanned = await valkey.zscan(key, cursor, 'MATCH', `*${tenantId}*`, 'COUNT', AT_ONCE);
      const members = scanned[1].filter((_, at) => at % 2 === 0);
      if (members.length > 0) await valkey.zrem(key, ...members);
      cursor = scanned[0];
    } while (cursor !== '0');
  },
  async hash(valkey: Valkey, key: string, tenantId: string) {
    let cursor = '0';
    do {
      const scanned = await valkey.hscan(key, cursor, 'MATCH', `*${tenantId}*`, 'COUNT', AT_ONCE);
      const fields = scanned[1].filter((_, at) => at % 2 === 0);
      if (fields.length > 0) await valkey.hdel(key, ...fields);
      cursor = scanned[0];
    } while (cursor !== '0');
  },
  /** What BullMQ tells of jobs; the newest 10,000 of all organisations. */
  async stream(valkey: Valkey, key: string, tenantId: string) {
    for (let after = '-'; ; ) {
      const entries = await valkey.xrange(key, after, '+', 'COUNT', AT_ONCE);
      const mine = entries.filter(([, fields]) => fields.some((text) => text.includes(tenantId)));
      if (mine.length > 0) await valkey.xdel(key, ...mine.map(([id]) => id));
      const last = entries.at(-1);
      if (!last || entries.length < AT_ONCE) return;
      after = `(${last[0]}`;
    }
  },
};
