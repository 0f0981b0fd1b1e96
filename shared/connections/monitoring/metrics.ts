import { withTimeout } from '@insightdesk/shared/promises';
import type { Histogram } from '@insightdesk/shared/utils';
import { type Metric, Registry } from 'prom-client';

type Labels = Record<string, string>;

/** One value, or one for each combination of labels. */
export type MetricValue = number | Iterable<readonly [labels: Labels, value: number]>;

export interface MetricDefinition {
  name: string;
  help: string;
  /** Called at each scrape, never concurrently. An error leaves out this metric only. */
  read: () => MetricValue | Promise<MetricValue>;
}

/** Longer than the timeout of health checks, whose results are metrics too. */
const READ_TIMEOUT_MS = 4_000;

interface RegisteredMetric extends Omit<MetricDefinition, 'read'> {
  type: 'counter' | 'gauge' | 'histogram';
  values: () => Promise<{ labels: Labels; value: number }[]>;
}

/** The metrics of one process in Prometheus text format. */
export class Metrics extends Registry {
  readonly #failures = new Map<string, number>();

  constructor() {
    super();
    this.counter({
      name: 'metrics_scrape_failures_total',
      help: 'Failed or timed-out reads of a metric, by its name',
      read: () => Array.from(this.#failures, ([metric, count]) => [{ metric }, count] as const),
    });
  }

  /** Registers a counter; its name ends in `_total`. */
  counter(definition: MetricDefinition): void {
    this.#register({ ...definition, type: 'counter', values: valuesOf(definition) });
  }

  /** Registers a gauge. */
  gauge(definition: MetricDefinition): void {
    this.#register({ ...definition, type: 'gauge', values: valuesOf(definition) });
  }

  /** Registers a histogram of durations; its name ends in `_seconds`. */
  histogram(
    definition: Omit<MetricDefinition, 'read'>,
    histogram: Pick<Histogram, 'samples'>,
  ): void {
    const values = async () => histogram.samples(definition.name);
    this.#register({ ...definition, type: 'histogram', values });
  }

  /** Prom-client accepts any object with a name and `get`; its own classes hash labels each time. */
  #register({ name, help, type, values }: RegisteredMetric): void {
    this.#failures.set(name, 0);
    const get = async () => {
      try {
        return { name, help, type, values: await values() };
      } catch {
        this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
        return { name, help, type, values: [] };
      }
    };
    if (this.getSingleMetric(name)) throw new Error(`Metric ${name} is already registered`);
    this.registerMetric({ name, get, reset() {} } as unknown as Metric);
  }
}

/** Reuses the result of `read` for `ttlMs`, so that several metrics share one read. */
export function cacheResult<T>(ttlMs: number, read: () => Promise<T>): () => Promise<T> {
  let latest: { at: number; value: Promise<T> } | undefined;
  return () => {
    if (latest && performance.now() - latest.at < ttlMs) return latest.value;
    latest = { at: performance.now(), value: read() };
    return latest.value;
  };
}

function valuesOf({ read }: MetricDefinition): RegisteredMetric['values'] {
  let pending: Promise<MetricValue> | undefined;
  const readOnce = () => {
    pending ??= (async () => read())().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  return async () => {
    const value = await withTimeout(readOnce(), READ_TIMEOUT_MS);
    if (typeof value === 'number') return [{ labels: {}, value }];
    return Array.from(value, ([labels, single]) => ({ labels, value: single }));
  };
}
