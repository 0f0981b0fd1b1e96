import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openTracing, type TracingOptions } from './open-tracing.ts';
import { openOtlpReceiver } from './otlp-receiver.ts';
import { currentTrace, enterTrace, isTracing, span } from './trace.ts';

const by = { service: 'api', replica: 'api-1', environment: 'test' };
const always = { ratio: 1, maxPerSecond: 1_000 };
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function receive(answer?: () => Response | Promise<Response>) {
  const receiver = openOtlpReceiver(answer);
  closing.push(receiver.close);
  return receiver;
}

/** Tracing that counts what becomes of spans. */
async function open(options: Partial<TracingOptions> & { endpoint: string }) {
  const counted = { exported: 0, failed: 0, dropped: 0 };
  const tracing = await openTracing(
    {
      ...always,
      count: (outcome, spans) => {
        counted[outcome] += spans;
      },
      ...options,
    },
    by,
  );
  closing.push(() => tracing.close(0));
  return { ...tracing, counted };
}

test('spans arrive with their place, their links, their service and what they say', async () => {
  const { url, spans, requests } = receive();
  const { close } = await open({
    endpoint: `${url}/`,
    otlpHeaders: { authorization: 'Bearer abc' },
  });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const entry = { name: 'GET', kind: 'server', traceId } as const;
  await enterTrace(entry, async (door) => {
    door.rename('GET /v1/me');
    door.set({ 'http.route': '/v1/me', nothing: undefined, long: 'x'.repeat(1_000) });
    await span({ name: 'sql read', links: [other, 'none', undefined] }, () => Bun.sleep(1));
    await span({ name: 'fails' }, () => Promise.reject(new RangeError('a secret'))).catch(() => {});
  });
  await close(5_000);
  expect(isTracing()).toBe(false);
  expect(requests[0]?.path).toBe('/v1/traces');
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer abc');
  const [read, fails, door] = spans;
  expect(door).toMatchObject({
    name: 'GET /v1/me',
    service: 'insightdesk-api',
    replica: 'api-1',
    traceId,
    parentSpanId: undefined,
    isFailed: false,
    attributes: { 'http.route': '/v1/me', long: 'x'.repeat(256) },
  });
  expect(door?.attributes).not.toHaveProperty('nothing');
  expect(read).toMatchObject({
    name: 'sql read',
    traceId,
    parentSpanId: door?.spanId,
    links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }],
  });
  expect(fails).toMatchObject({ isFailed: true, attributes: { 'error.type': 'RangeError' } });
  expect(JSON.stringify(spans)).not.toContain('a secret');
});

test('of a burst of 20,000 each span has arrived or is counted', async () => {
  const { url, spans } = receive();
  const { close, counted } = await open({ endpoint: url, maxPerSecond: 10_000 });
  for (let i = 0; i < 20; i++) {
    enterTrace({ name: 'door' }, () => {
      for (let k = 1; k < 1_000; k++) span({ name: 'step' }, () => {});
    });
  }
  await close(20_000);
  expect(counted.exported).toBe(spans.length);
  expect(counted.exported).toBeGreaterThanOrEqual(4_096);
  expect(counted.exported + counted.dropped).toBe(20_000);
});

test.each([
  ['refuses', () => new Response('no', { status: 400 })],
  ['is broken', () => new Response('', { status: 503, headers: { 'Retry-After': '3600' } })],
  ['answers nonsense, and that endlessly', () => new Response('x'.repeat(5_000_000))],
  ['never answers', () => new Promise<Response>(() => {})],
])('a collector that %s costs its spans and nothing else', async (how, answer) => {
  const { url, requests } = receive(answer);
  const { close, counted } = await open({ endpoint: url, timeoutMs: 300 });
  expect(enterTrace({ name: 'door' }, () => 'done')).toBe('done');
  await close(5_000);
  expect(requests.length).toBeGreaterThan(0);
  const lost = how.startsWith('answers') ? 'exported' : 'failed';
  expect(counted[lost] + counted.failed).toBeGreaterThan(0);
});

test('without a collector there spans are counted as failed', async () => {
  const { url, close: end } = openOtlpReceiver();
  await end();
  const { close, counted } = await open({ endpoint: url, timeoutMs: 300 });
  enterTrace({ name: 'door' }, () => {});
  await close(5_000);
  expect(counted).toEqual({ exported: 0, failed: 1, dropped: 0 });
});

test('a stranger who floods with sampled traces has a bounded number of them recorded', async () => {
  const { url, spans } = receive();
  const { close } = await open({ endpoint: url, maxPerSecond: 5 });
  const startedAt = performance.now();
  const told = Array.from({ length: 2_000 }, (_, n) => {
    const traceId = `${n + 1}`.padStart(32, '0');
    const foreignParent = `00-${traceId}-${'b'.repeat(16)}-01`;
    return enterTrace({ name: 'door', foreignParent }, () => currentTrace());
  });
  const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
  await close(5_000);
  expect(spans.length).toBeGreaterThanOrEqual(5);
  expect(spans.length).toBeLessThanOrEqual(5 + 5 * seconds);
  const recorded = told.filter((trace) => trace?.endsWith('-01'));
  expect(recorded.length).toBe(spans.length);
});

test('nothing of it is loaded until it is opened', async () => {
  const root = join(import.meta.dir, '../../..');
  const files = [...new Bun.Glob('{services,shared}/**/*.ts').scanSync(root)].filter(
    (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
  );
  expect(files.length).toBeGreaterThan(500);
  const loading = /^\s*(import|export)\s(?!type\s)[^;]*?from '@opentelemetry\//m;
  const guilty: string[] = [];
  for (const path of files) {
    if (loading.test(await Bun.file(join(root, path)).text())) guilty.push(path);
  }
  expect(guilty).toEqual([]);
});
