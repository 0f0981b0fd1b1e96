import type { CommandApp, ValkeyPurpose } from '@insightdesk/shared/boot';
import { pingValkey } from '@insightdesk/shared/valkey';
import { type Finding, judgeClock, look } from './diagnostic.ts';

const OLDEST_SERVER = 7.2;
const NEARLY_FULL = 0.9;
const PING_MS = 3_000;

/** Each Valkey: version, clock, what it does when it is full, and what survives a restart. */
export async function checkValkey({ config, parts }: CommandApp): Promise<Finding[]> {
  const { url, cacheUrl, queueUrl, sessionUrl } = config.valkey;
  const places: [ValkeyPurpose, string][] = [
    ['default', url],
    ['queue', queueUrl],
    ['session', sessionUrl],
    ['cache', cacheUrl],
  ];
  const own = places.filter(
    ([, place], index) => places.findIndex(([, other]) => other === place) === index,
  );
  const looks = own.map(([purpose]) => {
    const name = purpose === 'default' ? 'valkey' : `valkey ${purpose}`;
    return look(name, () => checkOne(name, purpose, parts.connectValkey), {
      fix: 'see the findings of connections; VALKEY_URL names the server',
    });
  });
  return (await Promise.all(looks)).flat();
}

async function checkOne(
  name: string,
  purpose: ValkeyPurpose,
  connect: CommandApp['parts']['connectValkey'],
): Promise<Finding[]> {
  const valkey = connect(purpose, 'command', 'doctor');
  try {
    await pingValkey(valkey, PING_MS);
    const text = await valkey.info();
    const askedAt = Date.now();
    const [seconds, micros] = (await valkey.time()) as unknown as [string, string];
    const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
    const clock = judgeClock(`${name} clock`, { theirs, askedAt, answeredAt: Date.now() });
    return [...judgeValkey(name, text, purpose === 'cache'), clock];
  } finally {
    valkey.disconnect();
  }
}

/** What INFO tells, judged; a cache may forget, and only a cache. */
export function judgeValkey(name: string, text: string, isCache: boolean): Finding[] {
  const info = new Map(
    text.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string | undefined]),
  );
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown';
  const isOld = Number.parseFloat(version) < OLDEST_SERVER;
  return [
    { name, found: version, ...(isOld && { fix: `upgrade to Valkey ${OLDEST_SERVER} or newer` }) },
    judgePolicy(name, info, isCache),
    judgeMemory(name, info),
    ...(isCache ? [] : [judgePersistence(name, info)]),
  ];
}

type Info = ReadonlyMap<string, string | undefined>;

function judgePolicy(valkey: string, info: Info, isCache: boolean): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const name = `${valkey} policy`;
  if (!isCache) {
    const fix = 'set maxmemory-policy noeviction: jobs and channel logs must not be thrown away';
    return { name, found: policy, ...(policy !== 'noeviction' && { fix }) };
  }
  const fix = 'set maxmemory and maxmemory-policy allkeys-lru, so that a full cache forgets';
  const forgets = policy.startsWith('allkeys-') && info.get('maxmemory') !== '0';
  return { name, found: policy, ...(!forgets && { fix, isWarning: true }) };
}

function judgeMemory(valkey: string, info: Info): Finding {
  const [used, most] = ['used_memory', 'maxmemory'].map((key) => Number(info.get(key) ?? 0));
  const mebibytes = (bytes = 0) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  const isFull = !!most && (used ?? 0) > most * NEARLY_FULL;
  const found = `${mebibytes(used)} of ${most ? mebibytes(most) : 'all there is'}`;
  const fix = 'raise maxmemory, or see what fills it: bun run desk queues list';
  return { name: `${valkey} memory`, found, ...(isFull && { fix, isWarning: true }) };
}

function judgePersistence(valkey: string, info: Info): Finding {
  const name = `${valkey} persistence`;
  const failed = ['aof_last_write_status', 'rdb_last_bgsave_status'].filter(
    (key) => (info.get(key) ?? 'ok') !== 'ok',
  );
  if (failed.length > 0) {
    return { name, found: failed.join(', '), fix: 'see its log; most often its disk is full' };
  }
  if (info.get('aof_enabled') === '1') return { name, found: 'append-only file' };
  const fix = 'set appendonly yes: jobs that wait are nowhere else';
  return { name, found: 'a restart loses what is newer than the last snapshot', fix };
}
