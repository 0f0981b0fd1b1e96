export interface TokenBucketOptions {
  perSecond: number;
  burst: number;
}

/** Lets `burst` calls through at once and `perSecond` in the long run; false means refused. */
export function createTokenBucket(
  { perSecond, burst }: TokenBucketOptions,
  nowMs: () => number = () => performance.now(),
): () => boolean {
  let tokens = burst;
  let filledAtMs = nowMs();
  return function take() {
    const atMs = nowMs();
    tokens = Math.min(burst, tokens + ((atMs - filledAtMs) / 1_000) * perSecond);
    filledAtMs = atMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
