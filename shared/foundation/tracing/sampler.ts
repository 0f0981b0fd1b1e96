interface SamplerOptions {
  /** Of all traces that begin, 0 to 1. */
  ratio: number;
  /** At most so many, whoever asks. */
  maxPerSecond: number;
  now?: () => number;
  random?: () => number;
}

/**
 * Decides which traces are recorded. By chance and not by the trace's id, which is the caller's
 * choice; and never more than a bucket of `maxPerSecond` holds.
 */
export function createSampler({
  ratio,
  maxPerSecond,
  now = () => performance.now(),
  random = Math.random,
}: SamplerOptions): () => boolean {
  let tokens = maxPerSecond;
  let filledAt = now();
  return () => {
    if (random() >= ratio) return false;
    const at = now();
    tokens = Math.min(maxPerSecond, tokens + ((at - filledAt) / 1_000) * maxPerSecond);
    filledAt = at;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
