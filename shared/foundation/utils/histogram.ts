type Labels = Record<string, string>;

/** One line of a histogram in Prometheus format. */
export interface Sample {
  labels: Labels;
  value: number;
  metricName: string;
}

interface Series {
  labels: Labels;
  /** Per bucket, not cumulative; the last one is for values above all bounds. */
  counts: number[];
  sum: number;
}

export interface HistogramOptions {
  /** Labels of the series that collects everything beyond `maxSeries`. */
  overflowLabels: Labels;
  /** Upper bounds of the buckets in seconds. */
  buckets?: readonly number[];
  /** Maximum number of series, without the overflow series. */
  maxSeries?: number;
}

const DEFAULT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OVERFLOW = '';

/** A histogram of durations with a bounded number of series; an observation costs one lookup. */
export class Histogram {
  readonly #series = new Map<string, Series>();
  readonly #buckets: readonly number[];
  readonly #maxSeries: number;
  readonly #overflowLabels: Labels;

  constructor({ overflowLabels, buckets = DEFAULT_BUCKETS, maxSeries = 1_000 }: HistogramOptions) {
    this.#buckets = buckets;
    this.#maxSeries = maxSeries;
    this.#overflowLabels = overflowLabels;
  }

  /** `labelsOf` is called once per `key`. */
  observe(seconds: number, key: string, labelsOf: () => Labels): void {
    const series = this.#series.get(key) ?? this.#add(key, labelsOf);
    let index = 0;
    while (index < this.#buckets.length && seconds > (this.#buckets[index] as number)) index++;
    series.counts[index] = (series.counts[index] as number) + 1;
    series.sum += seconds;
  }

  /** Samples of a Prometheus histogram. */
  samples(name: string): Sample[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const metricName = `${name}_bucket`;
      const buckets = counts.map((bucketCount, index) => {
        count += bucketCount;
        const le = String(this.#buckets[index] ?? '+Inf');
        return { metricName, labels: { le, ...labels }, value: count };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
  }

  #add(key: string, labelsOf: () => Labels): Series {
    const isOverflow = this.#series.size >= this.#maxSeries;
    const known = isOverflow ? this.#series.get(OVERFLOW) : undefined;
    if (known) return known;
    const counts = new Array<number>(this.#buckets.length + 1).fill(0);
    const series = { labels: isOverflow ? this.#overflowLabels : labelsOf(), counts, sum: 0 };
    this.#series.set(isOverflow ? OVERFLOW : key, series);
    return series;
  }
}
