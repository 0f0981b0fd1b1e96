import { Histogram } from '@insightdesk/shared/utils';
import { nameOf } from './statement-names.ts';

/** Figures since start or the last reset; times in milliseconds. */
export interface DatabaseStats {
  queries: number;
  errors: number;
  slowQueries: number;
  totalQueryMs: number;
  maxQueryMs: number;
  transactions: number;
  retries: number;
  waits: number;
  totalWaitMs: number;
  maxWaitMs: number;
  /** Of whoever waits for a connection just now. */
  oldestWaitMs: number;
}

const MOST_NAMES = 200;

type Counted = Omit<DatabaseStats, 'oldestWaitMs'>;

const zero = (): Counted => ({
  queries: 0,
  errors: 0,
  slowQueries: 0,
  totalQueryMs: 0,
  maxQueryMs: 0,
  transactions: 0,
  retries: 0,
  waits: 0,
  totalWaitMs: 0,
  maxWaitMs: 0,
});

/** Counts queries and waits, and reports slow statements (text only, never parameters). */
export class QueryStats {
  #figures = zero();
  /** How long statements took, and how many failed, by name; so many names are told apart. */
  readonly statements = new Histogram({ overflowLabels: { statement: 'other' }, maxSeries: MOST_NAMES });
  readonly failures = new Map<string, number>();
  #slowQueryMs: number;
  #onSlow: (query: string, durationMs: number) => void;

  constructor(slowQueryMs: number, onSlow: (query: string, durationMs: number) => void) {
    this.#slowQueryMs = slowQueryMs;
    this.#onSlow = onSlow;
  }

  transaction(): void {
    this.#figures.transactions++;
  }

  retry(): void {
    this.#figures.retries++;
  }

  wait(durationMs: number): void {
    const f = this.#figures;
    f.waits++;
    f.totalWaitMs += durationMs;
    f.maxWaitMs = Math.max(f.maxWaitMs, durationMs);
  }

  /** The figures so far; `reset` starts a new count. */
  get(reset = false): Counted {
    const figures = { ...this.#figures };
    if (reset) this.#figures = zero();
    return figures;
  }

  query(query: string, durationMs: number, failed: boolean): void {
    const f = this.#figures;
    f.queries++;
    this.#named(nameOf(query), durationMs, failed);
    if (failed) f.errors++;
    f.totalQueryMs += durationMs;
    f.maxQueryMs = Math.max(f.maxQueryMs, durationMs);
    if (durationMs < this.#slowQueryMs) return;
    f.slowQueries++;
    this.#onSlow(query, durationMs);
  }

  #named(name: string, durationMs: number, failed: boolean): void {
    this.statements.observe(durationMs / 1_000, name, () => {
      // From zero on: the first would be no increase.
      this.failures.set(name, 0);
      return { statement: name };
    });
    if (!failed) return;
    const own = this.failures.has(name) ? name : 'other';
    this.failures.set(own, (this.failures.get(own) ?? 0) + 1);
  }
}
