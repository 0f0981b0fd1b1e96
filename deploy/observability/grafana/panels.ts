/** What one picture shows: a query for each line, by what its legend says. */
export interface Panel {
  title: string;
  /** What is normal, and what the picture is for. */
  description: string;
  /** As Grafana calls it. */
  unit: 'short' | 's' | 'bytes' | 'reqps' | 'ops' | 'percentunit' | 'none';
  lines: Readonly<Record<string, string>>;
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: readonly Panel[];
}

export const quantile = (q: number, by: string, metric: string) =>
  `histogram_quantile(${q}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${metric}_bucket[$__rate_interval])))`;
export const rate = (metric: string, by = '') =>
  `sum ${by ? `by (${by}) ` : ''}(rate(${metric}[$__rate_interval]))`;
export const highest = (metric: string, by = '') => `max ${by ? `by (${by}) ` : ''}(${metric})`;
