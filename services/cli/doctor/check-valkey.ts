import type { CommandApp, ValkeyPurpose } from '@insightdesk/shared/boot';
import { pingValkey } from '@insightdesk/shared/valkey';
import { compareClock, type Diagnostic, diagnose, runCheck } from './diagnostic.ts';

const MIN_SERVER = 7.2;
const MAX_MEMORY_RATIO = 0.9;
const PING_MS = 3_000;

/** Each Valkey server: version, clock, eviction policy, memory and persistence. */
export async function checkValkey({ config, container }: CommandApp): Promise<Diagnostic[]> {
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
  const checks = own.map(([purpose]) => {
    const name = purpose === 'default' ? 'valkey' : `valkey ${purpose}`;
    return runCheck(name, () => checkServer(name, purpose, container.connectValkey), {
      fix: 'see the results of connections; check VALKEY_URL',
    });
  });
  return (await Promise.all(checks)).flat();
}

async function checkServer(
  name: string,
  purpose: ValkeyPurpose,
  connect: CommandApp['container']['connectValkey'],
): Promise<Diagnostic[]> {
  const valkey = connect(purpose, 'command', 'doctor');
  try {
    await pingValkey(valkey, PING_MS);
    const text = await valkey.info();
    const askedAt = Date.now();
    const [seconds, micros] = (await valkey.time()) as unknown as [string, string];
    const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
    const clock = compareClock(`${name} clock`, { theirs, askedAt, answeredAt: Date.now() });
    return [...checkInfo(name, text, purpose === 'cache'), clock];
  } finally {
    valkey.disconnect();
  }
}

/** Checks the output of INFO. Only a cache may evict. */
export function checkInfo(name: string, text: string, isCache: boolean): Diagnostic[] {
  const info = new Map(
    text.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string | undefined]),
  );
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown';
  const isOld = Number.parseFloat(version) < MIN_SERVER;
  return [
    diagnose(name, version, isOld && `upgrade to Valkey ${MIN_SERVER} or newer`),
    checkPolicy(name, info, isCache),
    checkMemory(name, info),
    ...(isCache ? [] : [checkPersistence(name, info)]),
  ];
}

type Info = ReadonlyMap<string, string | undefined>;

function checkPolicy(valkey: string, info: Info, isCache: boolean): Diagnostic {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const name = `${valkey} policy`;
  if (!isCache) {
    const fix = 'set maxmemory-policy noeviction: jobs and channel logs must not be evicted';
    return diagnose(name, policy, policy !== 'noeviction' && fix);
  }
  const fix = 'set maxmemory and maxmemory-policy allkeys-lru, so that a full cache evicts';
  const evicts = policy.startsWith('allkeys-') && info.get('maxmemory') !== '0';
  return diagnose(name, policy, !evicts && fix, true);
}

function checkMemory(valkey: string, info: Info): Diagnostic {
  const [used, max] = ['used_memory', 'maxmemory'].map((key) => Number(info.get(key) ?? 0));
  const mebibytes = (bytes = 0) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  const isFull = !!max && (used ?? 0) > max * MAX_MEMORY_RATIO;
  const found = `${mebibytes(used)} of ${max ? mebibytes(max) : 'all there is'}`;
  const fix = 'raise maxmemory, or see what fills it: desk queues list';
  return diagnose(`${valkey} memory`, found, isFull && fix, true);
}

function checkPersistence(valkey: string, info: Info): Diagnostic {
  const name = `${valkey} persistence`;
  const failed = ['aof_last_write_status', 'rdb_last_bgsave_status'].filter(
    (key) => (info.get(key) ?? 'ok') !== 'ok',
  );
  if (failed.length > 0) {
    return { name, found: failed.join(', '), fix: 'check its log and its disk space' };
  }
  if (info.get('aof_enabled') === '1') return { name, found: 'append-only file' };
  const fix = 'set appendonly yes, because waiting jobs are stored only there';
  return { name, found: 'a restart loses what is newer than the last snapshot', fix };
}
