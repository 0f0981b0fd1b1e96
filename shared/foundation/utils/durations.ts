type Labels = Record<string, string>;

/** One line of a histogram. */
export interface Sample {
  labels: Labels;
  value: number;
  metricName: string;
}

interface Series {
  labels: Labels;
  /** Of each bucket alone; the last is for what is longer than all. */
  counts: number[];
  sum: number;
}

export interface DurationsOptions {
  /** What stands for every series beyond the bound. */
  rest: Labels;
  /** Upper bounds in seconds. */
  buckets?: readonly number[];
  /** How many series there may be, without the rest. */
  most?: number;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REST = '';

/** Distributions of durations, of a bounded number of series; to observe one costs a look-up. */
export class Durations {
  readonly #series = new Map<string, Series>();
  readonly #buckets: readonly number[];
  readonly #most: number;
  readonly #rest: Labels;

  constructor({ rest, buckets = BUCKETS, most = 1_000 }: DurationsOptions) {
    this.#buckets = buckets;
    this.#most = most;
    this.#rest = rest;
  }

  /** `key` stands for the labels, which are asked for once. */
  observe(seconds: number, key: string, labelsOf: () => Labels): void {
    const series = this.#series.get(key) ?? this.#add(key, labelsOf);
    let at = 0;
    while (at < this.#buckets.length && seconds > (this.#buckets[at] as number)) at++;
    series.counts[at] = (series.counts[at] as number) + 1;
    series.sum += seconds;
  }

  /** As Prometheus wants a histogram. */
  samples(name: string): Sample[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const metricName = `${name}_bucket`;
      const below = counts.map((own, at) => {
        count += own;
        const le = String(this.#buckets[at] ?? '+Inf');
        return { metricName, labels: { le, ...labels }, value: count };
      });
      return [
        ...below,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
  }

  #add(key: string, labelsOf: () => Labels): Series {
    const isRest = this.#series.size >= this.#most;
    const known = isRest ? this.#series.get(REST) : undefined;
    if (known) return known;
    const counts = new Array<number>(this.#buckets.length + 1).fill(0);
    const series = { labels: isRest ? this.#rest : labelsOf(), counts, sum: 0 };
    this.#series.set(isRest ? REST : key, series);
    return series;
  }
}
