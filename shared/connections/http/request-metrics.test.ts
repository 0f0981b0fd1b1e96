import { expect, test } from 'bun:test';
import type { Histogram } from '@insightdesk/shared/utils';
import { createRequestMetrics } from './request-metrics.ts';

function createMetrics() {
  let registered: Pick<Histogram, 'samples'> | undefined;
  const observe = createRequestMetrics({
    histogram(_, histogram) {
      registered = histogram;
    },
  });
  const counts = () =>
    (registered?.samples('http') ?? []).filter(({ metricName }) => metricName === 'http_count');
  return { observe, counts, samples: () => registered?.samples('http') ?? [] };
}

test('request metrics: durations are observed per method, route and status', () => {
  const { observe, samples } = createMetrics();
  const me = { method: 'GET', route: '/v1/me' };
  for (const ms of [3, 4, 700]) observe({ ...me, status: 200, ms });
  observe({ ...me, status: 500, ms: 20_000 });
  const sampleOf = (status: string, metricName: string, le?: string) =>
    samples().find(
      ({ labels, metricName: name }) =>
        name === metricName && labels.status === status && labels.le === le,
    )?.value;
  expect(sampleOf('200', 'http_bucket', '0.0025')).toBe(0);
  expect(sampleOf('200', 'http_bucket', '0.005')).toBe(2);
  expect(sampleOf('200', 'http_bucket', '1')).toBe(3);
  expect(sampleOf('200', 'http_count')).toBe(3);
  expect(sampleOf('200', 'http_sum')).toBeCloseTo(0.004 + 0.703);
  expect(sampleOf('500', 'http_bucket', '10')).toBe(0);
  expect(sampleOf('500', 'http_bucket', '+Inf')).toBe(1);
});

test('request metrics: clients cannot create unlimited series by methods or routes', () => {
  const { observe, counts } = createMetrics();
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
