import { UnavailableError } from '@insightdesk/shared/errors';
import type { Valkey } from '@insightdesk/shared/valkey';
import { LocalCounts, type LocalWindow, mergeCount } from './local-counts.ts';

/** One limit: so many of a class of things by each of a kind in a window. */
export interface RateRow {
  /** Part of the key, and what the headers call it. */
  name: string;
  /** `all`, or the class that it is about. */
  of: string;
  /** Whom it counts. */
  by: string;
  limit: number;
  windowMs: number;
  /** While Valkey is away each process counts for itself, or nobody is let through. */
  away: 'open' | 'closed';
}

/** What is left of a row in its window. */
export interface RateLimit {
  row: RateRow;
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Stable names of those who ask, by what rows count. */
export type Names = Readonly<Record<string, string | undefined>>;

/** Counts over all replicas. */
export interface RateLimits {
  /**
   * Counts one more in every row that applies, or in none when one of them is used up: one round
   * trip, none once a row is used up. Throws 503 when Valkey is away and a row is closed then.
   */
  check(of: string, names: Names): Promise<readonly RateLimit[]>;
  /**
   * What is used up as far as this process knows, with what has begun but is not counted yet; or
   * begins one more, without asking anybody, and gives what to call when it is counted.
   */
  begin(of: string, names: Names): RateLimit | (() => void);
}

export interface RateLimitsOptions {
  rows: readonly RateRow[];
  /** Without it each process counts for itself, and no row is closed. */
  valkey?: Valkey;
  /** How long Valkey may take before this process counts for itself. */
  patienceMs?: number | undefined;
  nowMs?: () => number;
}

const PATIENCE_MS = 250;
/**
 * Patience is spent in so many turns: a process that is late itself, as many requests at once make
 * it, does not take that for Valkey's lateness.
 */
const TURNS = 5;

/** KEYS; ARGV limit and window in ms of each. Replies which is used up or 0, then count and rest in ms of each. */
const script = `
local counts = redis.call('MGET', unpack(KEYS))
local reply = { 0 }
for i = 1, #KEYS do
  counts[i] = tonumber(counts[i] or 0)
  if reply[1] == 0 and counts[i] >= tonumber(ARGV[2 * i - 1]) then reply[1] = i end
end
for i = 1, #KEYS do
  if reply[1] == 0 then
    counts[i] = redis.call('INCR', KEYS[i])
    if counts[i] == 1 then redis.call('PEXPIRE', KEYS[i], ARGV[2 * i]) end
  end
  reply[2 * i] = counts[i]
  reply[2 * i + 1] = redis.call('PTTL', KEYS[i])
end
return reply
`;

/** A row, whose it is here, and what we know of that. */
interface Use {
  row: RateRow;
  key: string;
  known: LocalWindow;
}

/** Builds the limits over fixed windows, in which twice a limit can pass around an edge. */
export function createRateLimits({
  rows,
  valkey,
  patienceMs = PATIENCE_MS,
  nowMs = Date.now,
}: RateLimitsOptions): RateLimits {
  const local = new LocalCounts();
  const byClass = Map.groupBy(rows, ({ of }) => of);
  const general = byClass.get('all') ?? [];
  for (const [of, own] of byClass) if (of !== 'all') byClass.set(of, [...general, ...own]);
  const ask = valkey && defineScript(valkey, patienceMs);

  function usesOf(of: string, names: Names): Use[] {
    const now = nowMs();
    const uses: Use[] = [];
    for (const row of byClass.get(of) ?? general) {
      const name = names[row.by];
      if (name === undefined) continue;
      const key = `limit:${row.name}:${name}`;
      uses.push({ row, key, known: local.of(key, row.windowMs, now) });
    }
    return uses;
  }

  const left = ({ row, known }: Use, allowed = true): RateLimit => ({
    row,
    allowed,
    remaining: Math.max(0, row.limit - known.count),
    resetSeconds: Math.max(1, Math.ceil((known.endsAtMs - nowMs()) / 1_000)),
  });

  function takeOver(uses: readonly Use[], reply: readonly number[]): void {
    const [refused] = reply;
    const now = nowMs();
    for (const [i, { known, row }] of uses.entries()) {
      // What was refused there has not been counted there.
      if (refused !== 0) known.count--;
      const count = reply[2 * i + 1] ?? 0;
      const restMs = reply[2 * i + 2] ?? 0;
      if (count > 0) mergeCount(known, { count, endsAtMs: now + restMs }, row.windowMs);
    }
  }

  const usedUp = ({ row, known }: Use) => known.count >= row.limit;

  return {
    begin(of, names) {
      const uses = usesOf(of, names);
      const full = uses.find(({ row, known }) => known.count + known.underWay >= row.limit);
      if (full) return left(full, false);
      for (const { known } of uses) known.underWay++;
      return () => {
        for (const { known } of uses) known.underWay--;
      };
    },
    async check(of, names) {
      const uses = usesOf(of, names);
      const full = uses.find(usedUp);
      if (full) return uses.map((use) => left(use, use !== full));
      for (const { known } of uses) known.count++;
      if (!ask || uses.length === 0) return uses.map((use) => left(use));
      const reply = await ask(uses);
      if (reply) {
        takeOver(uses, reply);
        return uses.map((use, i) => left(use, reply[0] !== i + 1));
      }
      const closed = uses.find(({ row }) => row.away === 'closed');
      if (closed) throw new UnavailableError(undefined, { code: 'LIMIT_UNAVAILABLE' });
      return uses.map((use) => left(use));
    },
  };
}

type Count = (keys: number, ...args: (string | number)[]) => Promise<number[]>;

/** Asks Valkey in time, or gives undefined. */
function defineScript(valkey: Valkey, patienceMs: number) {
  valkey.defineCommand('rateLimit', { lua: script });
  const { rateLimit } = valkey as unknown as { rateLimit: Count };
  return async (uses: readonly Use[]): Promise<number[] | undefined> => {
    if (valkey.status !== 'ready') return undefined;
    const keys = uses.map(({ key }) => key);
    const args = uses.flatMap(({ row }) => [row.limit, row.windowMs]);
    const late = Promise.withResolvers<undefined>();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === TURNS) late.resolve(undefined);
    }, patienceMs / TURNS);
    try {
      return await Promise.race([
        rateLimit.call(valkey, keys.length, ...keys, ...args),
        late.promise,
      ]);
    } catch {
      return undefined;
    } finally {
      clearInterval(timer);
    }
  };
}
