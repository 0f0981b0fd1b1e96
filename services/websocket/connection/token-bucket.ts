export interface TokenBucketOptions {
  perSecond: number;
  burst: number;
}

/** Allows `burst` calls at once and `perSecond` in the long run; `take` returns false when refused. */
export function createTokenBucket(
  { perSecond, burst }: TokenBucketOptions,
  nowMs: () => number = () => performance.now(),
): () => boolean {
  let tokens = burst;
  let refreshedAtMs = nowMs();
  return function take() {
    const atMs = nowMs();
    tokens = Math.min(burst, tokens + ((atMs - refreshedAtMs) / 1_000) * perSecond);
    refreshedAtMs = atMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
