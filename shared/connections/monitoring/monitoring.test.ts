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

const named = { service: 'api', replica: 'api-2' };

test('metrics name service and replica', async () => {
  const text = await createMetrics(named).metrics();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    expect(text).toMatch(new RegExp(`^${name}\\{service="api",replica="api-2"\\} \\d`, 'm'));
  }
});

test('a figure that cannot be read leaves itself out, and is counted', async () => {
  const metrics = createMetrics(named);
  const away = () => Promise.reject(new Error('password=secret'));
  metrics.level({ name: 'away', help: 'Not there', read: away });
  metrics.level({ name: 'here', help: 'There', read: () => [[{ of: 'a"b' }, 3]] });
  await metrics.metrics();
  const text = await metrics.metrics();
  expect(text).toContain('here{of="a\\"b",service="api",replica="api-2"} 3');
  expect(text).not.toMatch(/^away/m);
  expect(text).not.toContain('secret');
  expect(text).toMatch(/^figures_unread_total\{figure="away",.*\} 1$/m);
  expect(text).toMatch(/^figures_unread_total\{figure="here",.*\} 0$/m);
});

test('a figure that hangs is asked once at a time, however many ask', async () => {
  const metrics = createMetrics(named);
  const answer = Promise.withResolvers<number>();
  let asked = 0;
  const read = () => {
    asked++;
    return answer.promise;
  };
  metrics.level({ name: 'slow', help: 'Slow', read });
  const texts = [metrics.metrics(), metrics.metrics()];
  answer.resolve(5);
  for (const text of await Promise.all(texts)) expect(text).toMatch(/^slow\{.*\} 5$/m);
  expect(asked).toBe(1);
});

test('a name is shown once', () => {
  const metrics = createMetrics(named);
  const figure = { name: 'twice', help: 'Twice', read: () => 1 };
  metrics.total(figure);
  expect(() => metrics.level(figure)).toThrow('twice is shown already');
});
