import { Histogram } from '@insightdesk/shared/utils';
import { statementName } from './statement-name.ts';

/** Counts since start or the last reset; times in milliseconds. */
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
  /** How long the first waiting caller has waited for a connection. */
  oldestWaitMs: number;
}

const MAX_NAMES = 200;

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
  #counts = zero();
  /** Durations and failures of statements by name; beyond MAX_NAMES the name is `other`. */
  readonly statements = new Histogram({
    overflowLabels: { statement: 'other' },
    maxSeries: MAX_NAMES,
  });
  readonly failures = new Map<string, number>();
  #slowQueryMs: number;
  #onSlow: (query: string, durationMs: number) => void;

  constructor(slowQueryMs: number, onSlow: (query: string, durationMs: number) => void) {
    this.#slowQueryMs = slowQueryMs;
    this.#onSlow = onSlow;
  }

  transaction(): void {
    this.#counts.transactions++;
  }

  retry(): void {
    this.#counts.retries++;
  }

  wait(durationMs: number): void {
    const counts = this.#counts;
    counts.waits++;
    counts.totalWaitMs += durationMs;
    counts.maxWaitMs = Math.max(counts.maxWaitMs, durationMs);
  }

  /** The counts so far; `reset` starts new ones. */
  get(reset = false): Counted {
    const counts = { ...this.#counts };
    if (reset) this.#counts = zero();
    return counts;
  }

  query(query: string, durationMs: number, failed: boolean): void {
    const counts = this.#counts;
    counts.queries++;
    this.#recordByName(statementName(query), durationMs, failed);
    if (failed) counts.errors++;
    counts.totalQueryMs += durationMs;
    counts.maxQueryMs = Math.max(counts.maxQueryMs, durationMs);
    if (durationMs < this.#slowQueryMs) return;
    counts.slowQueries++;
    this.#onSlow(query, durationMs);
  }

  #recordByName(name: string, durationMs: number, failed: boolean): void {
    this.statements.observe(durationMs / 1_000, name, () => {
      // Starts at zero, so that the first failure is an increase.
      this.failures.set(name, 0);
      return { statement: name };
    });
    if (!failed) return;
    const own = this.failures.has(name) ? name : 'other';
    this.failures.set(own, (this.failures.get(own) ?? 0) + 1);
  }
}
