import { expect, test } from 'bun:test';
import { createHealth, createMetrics } from './index.ts';

test('health: all checks run at once, and one failure makes it unavailable', async () => {
  const health = createHealth();
  health.register('good', async () => 1);
  expect(await health.check()).toMatchObject({ status: 'ok', checks: { good: { healthy: true } } });

  const unhealthy = createHealth();
  unhealthy.register('good', async () => 1);
  unhealthy.register('broken', () => Promise.reject(new Error('password=secret')));
  unhealthy.register('hanging', () => new Promise(() => {}), { timeoutMs: 10 });
  const report = await unhealthy.check();
  expect(report).toMatchObject({
    status: 'unavailable',
    checks: {
      good: { healthy: true },
      broken: { error: 'unreachable' },
      hanging: { error: 'timeout' },
    },
  });
  expect(JSON.stringify(report)).not.toContain('secret');
});

test('health: results are cached for half a second', async () => {
  let calls = 0;
  const health = createHealth();
  health.register('counted', async () => calls++);
  await Promise.all([health.check(), health.check(), health.check()]);
  expect(calls).toBe(1);
  await Bun.sleep(550);
  await health.check();
  expect(calls).toBe(2);
});

test('health: a hanging dependency is checked once at a time', async () => {
  let calls = 0;
  const health = createHealth();
  const hang = () => {
    calls++;
    return new Promise(() => {});
  };
  health.register('hanging', hang, { timeoutMs: 700 });
  const first = health.check();
  await Bun.sleep(600);
  expect(await health.check()).toEqual(await first);
  expect(calls).toBe(1);
});

test('health: a failed optional dependency makes it degraded and does not delay it', async () => {
  const health = createHealth();
  health.register('required', async () => 1);
  const answer = Promise.withResolvers<void>();
  health.register('mail', () => answer.promise, { isRequired: false, timeoutMs: 60_000 });
  const first = await health.check({ isWaiting: false });
  expect(first).toMatchObject({ status: 'ok', checks: { required: { healthy: true } } });
  expect(Object.keys(first.checks)).toEqual(['required']);
  answer.reject(new Error('password=secret'));
  const mail = { healthy: false, error: 'unreachable' };
  for (const isWaiting of [true, false]) {
    const report = await health.check({ isWaiting });
    expect(report).toMatchObject({ status: 'degraded', checks: { mail } as object });
    expect(JSON.stringify(report)).not.toContain('secret');
  }
});

const labels = { service: 'api', replica: 'api-2' };

test('metrics: every line has service and replica', async () => {
  const text = await createMetrics(labels).metrics();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    expect(text).toMatch(new RegExp(`^${name}\\{service="api",replica="api-2"\\} \\d`, 'm'));
  }
});

test('metrics: a metric that cannot be read is left out and counted', async () => {
  const metrics = createMetrics(labels);
  const failing = () => Promise.reject(new Error('password=secret'));
  metrics.gauge({ name: 'broken', help: 'Broken', read: failing });
  metrics.gauge({ name: 'here', help: 'There', read: () => [[{ kind: 'a"b' }, 3]] });
  await metrics.metrics();
  const text = await metrics.metrics();
  expect(text).toContain('here{kind="a\\"b",service="api",replica="api-2"} 3');
  expect(text).not.toMatch(/^broken/m);
  expect(text).not.toContain('secret');
  expect(text).toMatch(/^metrics_scrape_failures_total\{metric="broken",.*\} 1$/m);
  expect(text).toMatch(/^metrics_scrape_failures_total\{metric="here",.*\} 0$/m);
});

test('metrics: a hanging metric is read once at a time', async () => {
  const metrics = createMetrics(labels);
  const answer = Promise.withResolvers<number>();
  let calls = 0;
  const read = () => {
    calls++;
    return answer.promise;
  };
  metrics.gauge({ name: 'slow', help: 'Slow', read });
  const texts = [metrics.metrics(), metrics.metrics()];
  answer.resolve(5);
  for (const text of await Promise.all(texts)) expect(text).toMatch(/^slow\{.*\} 5$/m);
  expect(calls).toBe(1);
});

test('metrics: a duplicate name is refused', () => {
  const metrics = createMetrics(labels);
  const definition = { name: 'twice', help: 'Twice', read: () => 1 };
  metrics.counter(definition);
  expect(() => metrics.gauge(definition)).toThrow('Metric twice is already registered');
});
