interface SamplerOptions {
  /** Share of traces, 0 to 1. */
  ratio: number;
  /** Upper limit for all callers. */
  maxPerSecond: number;
  now?: () => number;
  random?: () => number;
}

/**
 * Decides which traces are recorded: randomly, not by the trace id, because callers choose it. A token
 * bucket limits them to `maxPerSecond`.
 */
export function createSampler({
  ratio,
  maxPerSecond,
  now = () => performance.now(),
  random = Math.random,
}: SamplerOptions): () => boolean {
  let tokens = maxPerSecond;
  let updatedAt = now();
  return () => {
    if (random() >= ratio) return false;
    const time = now();
    tokens = Math.min(maxPerSecond, tokens + ((time - updatedAt) / 1_000) * maxPerSecond);
    updatedAt = time;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
