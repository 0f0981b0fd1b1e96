import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { deleteKeys, type Valkey } from '@insightdesk/shared/valkey';
import { LocalCounts, type LocalWindow, mergeCount } from './local-counts.ts';

/** One limit: the number of requests of a class, or of their bytes, per key in a window. */
export interface RateLimitRule {
  /** Part of the Valkey key, and the name in headers. */
  name: string;
  /** `all`, or the class of requests that it counts. */
  requestClass: string;
  /** Which of the keys it counts by, such as `address`. */
  countBy: string;
  /** Counts the bytes of request bodies; the body that reaches the limit is the last one allowed. */
  countsBytes?: boolean;
  limit: number;
  windowMs: number;
  /** While Valkey is unavailable: each process counts by itself, or all requests are refused. */
  failMode: 'open' | 'closed';
}

/** Result of a rule in its window. */
export interface RateLimitResult {
  rule: RateLimitRule;
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Keys of a caller by the `countBy` of the rules. */
export type RateLimitKeys = Readonly<Record<string, string | undefined>>;

/** Rate limits across all replicas. */
export interface RateLimits {
  /**
   * Counts a request and the `bytes` of its body in every rule that applies, or in none when one of
   * them is exhausted. One round trip; none once a rule is exhausted. Throws 503 when Valkey is
   * unavailable and a rule is closed.
   */
  check(
    requestClass: string,
    keys: RateLimitKeys,
    bytes?: number,
  ): Promise<readonly RateLimitResult[]>;
  /**
   * Reserves a request locally before `check`: returns the exhausted rule as far as this process
   * knows, including pending requests, or the function that ends the reservation.
   */
  reserve(requestClass: string, keys: RateLimitKeys): RateLimitResult | (() => void);
}

export interface RateLimitsOptions {
  rules: readonly RateLimitRule[];
  /** Without it each process counts by itself, and no rule is closed. */
  valkey?: Valkey;
  /** Timeout of Valkey, after which this process counts by itself. */
  timeoutMs?: number | undefined;
  nowMs?: () => number;
}

const TIMEOUT_MS = 250;
/**
 * The timeout is counted in ticks of the event loop: a busy process, whose timers are late, does not
 * mistake its own delay for one of Valkey.
 */
const TIMEOUT_TICKS = 5;

/** KEYS; ARGV: limit, window in ms and amount of each. Returns the exhausted index or 0, then count and TTL in ms of each. */
const script = `
local counts = redis.call('MGET', unpack(KEYS))
local reply = { 0 }
for i = 1, #KEYS do
  counts[i] = tonumber(counts[i] or 0)
  if reply[1] == 0 and counts[i] >= tonumber(ARGV[3 * i - 2]) then reply[1] = i end
end
for i = 1, #KEYS do
  if reply[1] == 0 then
    counts[i] = redis.call('INCRBY', KEYS[i], ARGV[3 * i])
    if counts[i] == tonumber(ARGV[3 * i]) then redis.call('PEXPIRE', KEYS[i], ARGV[3 * i - 1]) end
  end
  reply[2 * i] = counts[i]
  reply[2 * i + 1] = redis.call('PTTL', KEYS[i])
end
return reply
`;

/** A rule with its key and local count for one request. */
interface RuleState {
  rule: RateLimitRule;
  key: string;
  /** What this request adds. */
  amount: number;
  window: LocalWindow;
}

/** Builds rate limits over fixed windows; around the edge of a window twice the limit can pass. */
export function createRateLimits({ rules, ...options }: RateLimitsOptions): RateLimits {
  const counter = createCounter(options);
  const byClass = Map.groupBy(rules, ({ requestClass }) => requestClass);
  const general = byClass.get('all') ?? [];
  for (const [name, own] of byClass) if (name !== 'all') byClass.set(name, [...general, ...own]);

  function statesOf(requestClass: string, callerKeys: RateLimitKeys, bytes = 0): RuleState[] {
    const states: RuleState[] = [];
    for (const rule of byClass.get(requestClass) ?? general) {
      const callerKey = callerKeys[rule.countBy];
      const amount = rule.countsBytes ? bytes : 1;
      if (callerKey === undefined || amount === 0) continue;
      states.push(counter.stateOf(rule, callerKey, amount));
    }
    return states;
  }

  return {
    reserve(requestClass, keys) {
      const states = statesOf(requestClass, keys);
      const exhausted = states.find(
        ({ rule, window }) => window.count + window.pending >= rule.limit,
      );
      if (exhausted) return counter.toResult(exhausted, false);
      for (const { window } of states) window.pending++;
      return () => {
        for (const { window } of states) window.pending--;
      };
    },
    check: (requestClass, keys, bytes) => counter.count(statesOf(requestClass, keys, bytes)),
  };
}

/** A limit that a feature declares for something of its own. */
export interface OwnRateLimit extends Pick<RateLimitRule, 'limit' | 'windowMs' | 'failMode'> {}

/** Result of one limit; `resetAt` is the end of its window. */
export interface RateLimitCheck {
  allowed: boolean;
  remaining: number;
  resetAt: Date;
}

/**
 * Counts one use of `key` over all replicas, unless the limit is reached. While Valkey is
 * unavailable an `open` limit counts per process, and a `closed` one throws 503 LIMIT_UNAVAILABLE.
 * A key of an organization starts with its id.
 */
export type CheckRateLimit = (
  name: string,
  key: string,
  limit: OwnRateLimit,
) => Promise<RateLimitCheck>;

/** Builds the limits of features; their windows are those of `createRateLimits`. */
export function createRateLimitChecker(options: Omit<RateLimitsOptions, 'rules'>): CheckRateLimit {
  const counter = createCounter(options);
  return async (name, key, limit) => {
    const state = counter.stateOf({ name, requestClass: name, countBy: 'key', ...limit }, key);
    const [result] = await counter.count([state]);
    return {
      allowed: result?.allowed ?? false,
      remaining: result?.remaining ?? 0,
      resetAt: new Date(state.window.endsAtMs),
    };
  };
}

/** Counts in memory and, for all replicas, in Valkey. */
function createCounter({
  valkey,
  timeoutMs = TIMEOUT_MS,
  nowMs = Date.now,
}: Omit<RateLimitsOptions, 'rules'>) {
  const local = new LocalCounts();
  const countInValkey = valkey && defineScript(valkey, timeoutMs);

  function stateOf(rule: RateLimitRule, callerKey: string, amount = 1): RuleState {
    const key = keyOf(rule.name, callerKey);
    return { rule, key, amount, window: local.get(key, rule.windowMs, nowMs()) };
  }

  const toResult = ({ rule, window }: RuleState, allowed = true): RateLimitResult => ({
    rule,
    allowed,
    remaining: Math.max(0, rule.limit - window.count),
    resetSeconds: Math.max(1, Math.ceil((window.endsAtMs - nowMs()) / 1_000)),
  });

  function mergeReply(states: readonly RuleState[], reply: readonly number[]): void {
    const [exhausted] = reply;
    const now = nowMs();
    for (const [i, { window, rule, amount }] of states.entries()) {
      // A refused request is not counted in Valkey.
      if (exhausted !== 0) window.count -= amount;
      const count = reply[2 * i + 1] ?? 0;
      const ttlMs = reply[2 * i + 2] ?? 0;
      if (count > 0) mergeCount(window, { count, endsAtMs: now + ttlMs }, rule.windowMs);
    }
  }

  const isExhausted = ({ rule, window }: RuleState) => window.count >= rule.limit;

  async function count(states: readonly RuleState[]): Promise<RateLimitResult[]> {
    const exhausted = states.find(isExhausted);
    if (exhausted) return states.map((state) => toResult(state, state !== exhausted));
    for (const { window, amount } of states) window.count += amount;
    if (!countInValkey || states.length === 0) return states.map((state) => toResult(state));
    const reply = await countInValkey(states);
    if (reply) {
      mergeReply(states, reply);
      return states.map((state, i) => toResult(state, reply[0] !== i + 1));
    }
    const closed = states.find(({ rule }) => rule.failMode === 'closed');
    if (closed) throw new UnavailableError(undefined, { code: 'LIMIT_UNAVAILABLE' });
    return states.map((state) => toResult(state));
  }

  return { stateOf, toResult, count };
}

const keyOf = (rule: string, callerKey: string) => `limit:${rule}:${callerKey}`;

/** Deletes the counts of an organization; returns how many there were. */
export const purgeTenant = (valkey: Valkey, tenantId: Id<'org'>): Promise<number> =>
  deleteKeys(valkey, keyOf('*', `${tenantId}*`));

type RateLimitCommand = (keys: number, ...args: (string | number)[]) => Promise<number[]>;

/** Counts in Valkey; undefined after a timeout or an error. */
function defineScript(valkey: Valkey, timeoutMs: number) {
  valkey.defineCommand('rateLimit', { lua: script });
  const { rateLimit } = valkey as unknown as { rateLimit: RateLimitCommand };
  return async (states: readonly RuleState[]): Promise<number[] | undefined> => {
    if (valkey.status !== 'ready') return undefined;
    const keys = states.map(({ key }) => key);
    const args = states.flatMap(({ rule, amount }) => [rule.limit, rule.windowMs, amount]);
    const timeout = Promise.withResolvers<undefined>();
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === TIMEOUT_TICKS) timeout.resolve(undefined);
    }, timeoutMs / TIMEOUT_TICKS);
    try {
      return await Promise.race([
        rateLimit.call(valkey, keys.length, ...keys, ...args),
        timeout.promise,
      ]);
    } catch {
      return undefined;
    } finally {
      clearInterval(timer);
    }
  };
}
