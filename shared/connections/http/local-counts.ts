/** What this process knows of a key in its window. */
export interface LocalCount {
  count: number;
  endsAtMs: number;
}

/** The same, with what has begun here and is not counted yet. */
export interface LocalWindow extends LocalCount {
  underWay: number;
}

/** Beyond so many keys those that were seen first are forgotten. */
const MOST_KEYS = 50_000;

/** Counts of this process alone: what it let through, or what Valkey said when that was more. */
export class LocalCounts {
  readonly #counts = new Map<string, LocalWindow>();

  get size(): number {
    return this.#counts.size;
  }

  /** The key's count in the window that is open; one that is over begins anew. */
  of(key: string, windowMs: number, nowMs: number): LocalWindow {
    const known = this.#counts.get(key);
    if (known && known.endsAtMs > nowMs) return known;
    const fresh = { count: 0, underWay: 0, endsAtMs: nowMs + windowMs };
    this.#counts.delete(key);
    this.#counts.set(key, fresh);
    if (this.#counts.size > MOST_KEYS) this.#forget(nowMs);
    return fresh;
  }

  #forget(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.#counts) {
      if (endsAtMs > nowMs && this.#counts.size <= MOST_KEYS) return;
      this.#counts.delete(key);
    }
  }
}

/**
 * Takes over what Valkey says of a key. Its window may be a later one than we knew of; within one
 * the larger count is right, because what is under way here has not been counted there yet.
 */
export function mergeCount(known: LocalCount, told: LocalCount, windowMs: number): void {
  const isLater = told.endsAtMs - known.endsAtMs > windowMs / 2;
  known.count = isLater ? told.count : Math.max(known.count, told.count);
  known.endsAtMs = told.endsAtMs;
}
