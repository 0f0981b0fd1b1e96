import { withTimeout } from '@insightdesk/shared/promises';
import type { Durations } from '@insightdesk/shared/utils';
import { type Histogram, Registry } from 'prom-client';

type Labels = Record<string, string>;

/** One value, or one for each combination of labels. */
export type Reading = number | Iterable<readonly [labels: Labels, value: number]>;

export interface Figure {
  name: string;
  help: string;
  /** Asked at each scrape, never twice at once. What it throws leaves the figure out, not the others. */
  read: () => Reading | Promise<Reading>;
}

/** Longer than health waits for what does not answer: of that the figures tell. */
const PATIENCE_MS = 4_000;

interface Shown extends Omit<Figure, 'read'> {
  type: 'counter' | 'gauge' | 'histogram';
  values: () => Promise<{ labels: Labels; value: number }[]>;
}

/** The figures of one process in Prometheus' text format. */
export class Metrics extends Registry {
  readonly #unread = new Map<string, number>();

  constructor() {
    super();
    this.total({
      name: 'figures_unread_total',
      help: 'Times that a figure could not be read in time, by its name',
      read: () => Array.from(this.#unread, ([figure, count]) => [{ figure }, count] as const),
    });
  }

  /** Shows what only grows until the process ends; its name ends in `_total`. */
  total(figure: Figure): void {
    this.#show({ ...figure, type: 'counter', values: valuesOf(figure) });
  }

  /** Shows what rises and falls. */
  level(figure: Figure): void {
    this.#show({ ...figure, type: 'gauge', values: valuesOf(figure) });
  }

  /** Shows how long things take; its name ends in `_seconds`. */
  durations(figure: Omit<Figure, 'read'>, durations: Pick<Durations, 'samples'>): void {
    const values = async () => durations.samples(figure.name);
    this.#show({ ...figure, type: 'histogram', values });
  }

  /** Prom-client takes whatever has a name and can be read; its own kinds hash labels each time. */
  #show({ name, help, type, values }: Shown): void {
    this.#unread.set(name, 0);
    const get = async () => {
      try {
        return { name, help, type, values: await values() };
      } catch {
        this.#unread.set(name, (this.#unread.get(name) ?? 0) + 1);
        return { name, help, type, values: [] };
      }
    };
    if (this.getSingleMetric(name)) throw new Error(`${name} is shown already`);
    this.registerMetric({ name, get, reset() {} } as unknown as Histogram);
  }
}

/** Reads once for several figures, and at most so often. */
export function reuse<T>(forMs: number, read: () => Promise<T>): () => Promise<T> {
  let latest: { at: number; value: Promise<T> } | undefined;
  return () => {
    if (latest && performance.now() - latest.at < forMs) return latest.value;
    latest = { at: performance.now(), value: read() };
    return latest.value;
  };
}

function valuesOf({ read }: Figure): Shown['values'] {
  let pending: Promise<Reading> | undefined;
  const ask = () => {
    pending ??= (async () => read())().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  return async () => {
    const reading = await withTimeout(ask(), PATIENCE_MS);
    if (typeof reading === 'number') return [{ labels: {}, value: reading }];
    return Array.from(reading, ([labels, value]) => ({ labels, value }));
  };
}
