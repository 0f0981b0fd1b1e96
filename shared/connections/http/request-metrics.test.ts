import { expect, test } from 'bun:test';
import type { Durations } from '@insightdesk/shared/utils';
import { createRequestMetrics } from './request-metrics.ts';

function open() {
  let shown: Pick<Durations, 'samples'> | undefined;
  const observe = createRequestMetrics({
    durations(_, durations) {
      shown = durations;
    },
  });
  const counts = () =>
    (shown?.samples('http') ?? []).filter(({ metricName }) => metricName === 'http_count');
  return { observe, counts, samples: () => shown?.samples('http') ?? [] };
}

test('rate, errors and duration are told per method, route and status', () => {
  const { observe, samples } = open();
  const me = { method: 'GET', route: '/v1/me' };
  for (const ms of [3, 4, 700]) observe({ ...me, status: 200, ms });
  observe({ ...me, status: 500, ms: 20_000 });
  const of = (status: string, metricName: string, le?: string) =>
    samples().find(
      ({ labels, ...one }) =>
        one.metricName === metricName && labels.status === status && labels.le === le,
    )?.value;
  expect(of('200', 'http_bucket', '0.0025')).toBe(0);
  expect(of('200', 'http_bucket', '0.005')).toBe(2);
  expect(of('200', 'http_bucket', '1')).toBe(3);
  expect(of('200', 'http_count')).toBe(3);
  expect(of('200', 'http_sum')).toBeCloseTo(0.004 + 0.703);
  expect(of('500', 'http_bucket', '10')).toBe(0);
  expect(of('500', 'http_bucket', '+Inf')).toBe(1);
});

test('a stranger cannot make series: neither by methods nor by anything else', () => {
  const { observe, counts } = open();
  for (let n = 0; n < 5_000; n++) {
    observe({ method: `M${n}`, route: 'unmatched', status: 404, ms: 1 });
  }
  expect(counts()).toEqual([
    {
      metricName: 'http_count',
      labels: { method: 'other', route: 'unmatched', status: '404' },
      value: 5_000,
    },
  ]);
  for (let n = 0; n < 5_000; n++) observe({ method: 'GET', route: `/${n}`, status: 200, ms: 1 });
  expect(counts()).toHaveLength(1_001);
  const other = counts().find(({ labels }) => labels.route === 'other');
  expect(other).toMatchObject({ labels: { method: 'other', status: 'other' }, value: 4_001 });
});
