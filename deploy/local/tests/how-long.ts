const USUAL_MS = 5_000;

/** Guesses how long a file of tests takes: one that is slow gives itself time, in milliseconds. */
export function howLong(source: string): number {
  const times = [...source.matchAll(/\b(\d+)_000\b/g)].map(([, seconds]) => Number(seconds) * 1000);
  return Math.max(USUAL_MS, ...times);
}
