/** Count of a key in its window, as far as this process knows. */
export interface LocalCount {
  count: number;
  endsAtMs: number;
}

/** Includes requests that have started but are not counted yet. */
export interface LocalWindow extends LocalCount {
  pending: number;
}

/** Above this number the oldest keys are evicted. */
const MAX_KEYS = 50_000;

/** Counts of this process: its own, or that of Valkey when it is higher. */
export class LocalCounts {
  readonly #counts = new Map<string, LocalWindow>();

  get size(): number {
    return this.#counts.size;
  }

  /** Count of a key in the current window; an expired window starts again. */
  get(key: string, windowMs: number, nowMs: number): LocalWindow {
    const existing = this.#counts.get(key);
    if (existing && existing.endsAtMs > nowMs) return existing;
    const fresh = { count: 0, pending: 0, endsAtMs: nowMs + windowMs };
    this.#counts.delete(key);
    this.#counts.set(key, fresh);
    if (this.#counts.size > MAX_KEYS) this.#evict(nowMs);
    return fresh;
  }

  #evict(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.#counts) {
      if (endsAtMs > nowMs && this.#counts.size <= MAX_KEYS) return;
      this.#counts.delete(key);
    }
  }
}

/**
 * Merges the count of Valkey. Its window may be a later one; within the same window the higher count is
 * right, because pending requests of this process are not counted there yet.
 */
export function mergeCount(local: LocalCount, remote: LocalCount, windowMs: number): void {
  const isLater = remote.endsAtMs - local.endsAtMs > windowMs / 2;
  local.count = isLater ? remote.count : Math.max(local.count, remote.count);
  local.endsAtMs = remote.endsAtMs;
}
