export interface TokenBucketOptions {
  perSecond: number;
  burst: number;
}

/** Allows `burst` at once and `perSecond` in the long run. */
export interface TokenBucket {
  /** Takes one token; false when there is none. */
  take(): boolean;
  /** Takes tokens afterwards, when the cost is known; the bucket may owe some then. */
  charge(tokens: number): void;
  /** How long until nothing is owed. */
  delayMs(): number;
  /** Whether it has not been used lately. */
  isFull(): boolean;
}

export function createTokenBucket(
  { perSecond, burst }: TokenBucketOptions,
  nowMs: () => number = () => performance.now(),
): TokenBucket {
  let tokens = burst;
  let refreshedAtMs = nowMs();
  function refresh() {
    const atMs = nowMs();
    tokens = Math.min(burst, tokens + ((atMs - refreshedAtMs) / 1_000) * perSecond);
    refreshedAtMs = atMs;
  }
  return {
    take() {
      refresh();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    charge(cost) {
      refresh();
      tokens -= cost;
    },
    delayMs() {
      refresh();
      return Math.max(0, (-tokens / perSecond) * 1_000);
    },
    isFull() {
      refresh();
      return tokens >= burst;
    },
  };
}
