import { expect, test } from 'bun:test';
import { createHealth, createMetrics } from './index.ts';

test('health is asked all at once and one failure is enough', async () => {
  const health = createHealth();
  health.register('good', async () => 1);
  expect(await health.check()).toMatchObject({ status: 'ok', checks: { good: { healthy: true } } });

  const sick = createHealth();
  sick.register('good', async () => 1);
  sick.register('broken', () => Promise.reject(new Error('password=secret')));
  sick.register('hanging', () => new Promise(() => {}), { timeoutMs: 10 });
  const report = await sick.check();
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

test('an answer is reused for a moment', async () => {
  let asked = 0;
  const health = createHealth();
  health.register('counted', async () => asked++);
  await Promise.all([health.check(), health.check(), health.check()]);
  expect(asked).toBe(1);
  await Bun.sleep(550);
  await health.check();
  expect(asked).toBe(2);
});

test('a dependency that hangs is asked once at a time', async () => {
  let asked = 0;
  const health = createHealth();
  const hang = () => {
    asked++;
    return new Promise(() => {});
  };
  health.register('hanging', hang, { timeoutMs: 700 });
  const first = health.check();
  await Bun.sleep(600);
  expect(await health.check()).toEqual(await first);
  expect(asked).toBe(1);
});

test('metrics name service and replica', async () => {
  const text = await createMetrics({ service: 'api', replica: 'api-2' }).metrics();
  expect(text).toMatch(/process_cpu_seconds_total\{.*replica="api-2"/);
});
