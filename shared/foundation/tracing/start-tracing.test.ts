import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { startTracing, type TracingOptions } from './start-tracing.ts';
import { currentTraceparent, isTracing, startTrace, withSpan } from './trace.ts';

const service = { service: 'api', replica: 'api-1', environment: 'test' };
const always = { ratio: 1, maxPerSecond: 1_000 };
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function startReceiver(respond?: () => Response | Promise<Response>) {
  const receiver = startOtlpReceiver(respond);
  closing.push(receiver.close);
  return receiver;
}

/** Tracing that counts the outcomes of spans. */
async function start(options: Partial<TracingOptions> & { endpoint: string }) {
  const counted = { exported: 0, failed: 0, dropped: 0 };
  const tracing = await startTracing(
    {
      ...always,
      count: (outcome, spans) => {
        counted[outcome] += spans;
      },
      ...options,
    },
    service,
  );
  closing.push(() => tracing.close(0));
  return { ...tracing, counted };
}

test('tracing: spans are exported with ids, links, service and attributes', async () => {
  const { url, spans, requests } = startReceiver();
  const { close } = await start({
    endpoint: `${url}/`,
    otlpHeaders: { authorization: 'Bearer abc' },
  });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const entry = { name: 'GET', kind: 'server', traceId } as const;
  await startTrace(entry, async (root) => {
    root.rename('GET /v1/me');
    root.set({ 'http.route': '/v1/me', nothing: undefined, long: 'x'.repeat(1_000) });
    await withSpan({ name: 'sql read', links: [other, 'none', undefined] }, () => Bun.sleep(1));
    await withSpan({ name: 'fails' }, () => Promise.reject(new RangeError('a secret'))).catch(
      () => {},
    );
  });
  await close(5_000);
  expect(isTracing()).toBe(false);
  expect(requests[0]?.path).toBe('/v1/traces');
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer abc');
  const [read, fails, root] = spans;
  expect(root).toMatchObject({
    name: 'GET /v1/me',
    service: 'insightdesk-api',
    replica: 'api-1',
    traceId,
    parentSpanId: undefined,
    isFailed: false,
    attributes: { 'http.route': '/v1/me', long: 'x'.repeat(256) },
  });
  expect(root?.attributes).not.toHaveProperty('nothing');
  expect(read).toMatchObject({
    name: 'sql read',
    traceId,
    parentSpanId: root?.spanId,
    links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }],
  });
  expect(fails).toMatchObject({ isFailed: true, attributes: { 'error.type': 'RangeError' } });
  expect(JSON.stringify(spans)).not.toContain('a secret');
});

test.each([
  ['refuses', () => new Response('no', { status: 400 })],
  ['is broken', () => new Response('', { status: 503, headers: { 'Retry-After': '3600' } })],
  ['responds with garbage', () => new Response('x'.repeat(5_000_000))],
  ['never responds', () => new Promise<Response>(() => {})],
])('tracing: a collector that %s loses spans and nothing else', async (failure, respond) => {
  const { url, requests } = startReceiver(respond);
  const { close, counted } = await start({ endpoint: url, timeoutMs: 300 });
  expect(startTrace({ name: 'root' }, () => 'done')).toBe('done');
  await close(5_000);
  expect(requests.length).toBeGreaterThan(0);
  const lost = failure.startsWith('responds') ? 'exported' : 'failed';
  expect(counted[lost] + counted.failed).toBeGreaterThan(0);
});

test('tracing: without a collector spans are counted as failed', async () => {
  const { url, close: stop } = startOtlpReceiver();
  await stop();
  const { close, counted } = await start({ endpoint: url, timeoutMs: 300 });
  startTrace({ name: 'root' }, () => {});
  await close(5_000);
  expect(counted).toEqual({ exported: 0, failed: 1, dropped: 0 });
});

test('tracing: a flood of sampled traceparents is limited to maxPerSecond', async () => {
  const { url, spans } = startReceiver();
  const { close } = await start({ endpoint: url, maxPerSecond: 5 });
  const startedAt = performance.now();
  const traceparents = Array.from({ length: 2_000 }, (_, n) => {
    const traceId = `${n + 1}`.padStart(32, '0');
    const untrustedParent = `00-${traceId}-${'b'.repeat(16)}-01`;
    return startTrace({ name: 'root', untrustedParent }, () => currentTraceparent());
  });
  const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
  await close(5_000);
  expect(spans.length).toBeGreaterThanOrEqual(5);
  expect(spans.length).toBeLessThanOrEqual(5 + 5 * seconds);
  const recorded = traceparents.filter((trace) => trace?.endsWith('-01'));
  expect(recorded.length).toBe(spans.length);
});

test('tracing: the OpenTelemetry SDK is loaded by startTracing only', async () => {
  const root = join(import.meta.dir, '../../..');
  const files = [...new Bun.Glob('{services,shared}/**/*.ts').scanSync(root)].filter(
    (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
  );
  expect(files.length).toBeGreaterThan(500);
  const sdkImport = /^\s*(import|export)\s(?!type\s)[^;]*?from '@opentelemetry\//m;
  const importers: string[] = [];
  for (const path of files) {
    if (sdkImport.test(await Bun.file(join(root, path)).text())) importers.push(path);
  }
  expect(importers).toEqual([]);
});
