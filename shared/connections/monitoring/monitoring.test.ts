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

test('what is not required makes it degraded, and is not waited for', async () => {
  const health = createHealth();
  health.register('needed', async () => 1);
  const answer = Promise.withResolvers<void>();
  health.register('mail', () => answer.promise, { isRequired: false, timeoutMs: 60_000 });
  const first = await health.check({ isWaiting: false });
  expect(first).toMatchObject({ status: 'ok', checks: { needed: { healthy: true } } });
  expect(Object.keys(first.checks)).toEqual(['needed']);
  answer.reject(new Error('password=secret'));
  const mail = { healthy: false, error: 'unreachable' };
  for (const isWaiting of [true, false]) {
    const report = await health.check({ isWaiting });
    expect(report).toMatchObject({ status: 'degraded', checks: { mail } as object });
    expect(JSON.stringify(report)).not.toContain('secret');
  }
});

test('metrics name service and replica', async () => {
  const text = await createMetrics({ service: 'api', replica: 'api-2' }).metrics();
  expect(text).toMatch(/process_cpu_seconds_total\{.*replica="api-2"/);
});
