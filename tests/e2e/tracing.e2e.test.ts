import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReceivedSpan, startOtlpReceiver } from '@insightdesk/shared/tracing';
import { until } from '../../shared/testing/until.ts';
import { isLocalStack, type RunFile } from './client.ts';
import { startStack } from './tracing/start-stack.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
/** A client that requests no sampling; the service decides itself. */
const traceparent = `00-${traceId}-${parentSpanId}-00`;

interface SentMessage {
  organizationId: string;
  statuses: number[];
  requestId: string;
  invalidRequestId: string;
  event: Record<string, unknown>;
  emails: number;
}

const delivered: { headers: Headers; body: string }[] = [];
let collector: ReturnType<typeof startOtlpReceiver>;
let hook: Bun.Server<undefined>;
let stack: Awaited<ReturnType<typeof startStack>>;
let sent: SentMessage;

beforeAll(async () => {
  if (!isLocalStack) return;
  collector = startOtlpReceiver();
  hook = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      delivered.push({ headers: request.headers, body: await request.text() });
      return new Response('');
    },
  });
  stack = await startStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
    TRACE_SAMPLE_RATIO: '1',
    TRACE_MAX_PER_SECOND: '10000',
    LOG_LEVEL: 'debug',
  });
  const sender = Bun.spawn([process.execPath, join(import.meta.dir, 'tracing/send-message.ts')], {
    env: {
      PATH: process.env.PATH,
      INSIGHTDESK_RUN: stack.runFile,
      WEBHOOK_URL: `http://127.0.0.1:${hook.port}/`,
      TRACEPARENT: traceparent,
    },
    stderr: 'inherit',
  });
  sent = JSON.parse(await new Response(sender.stdout).text());
  await until(() => delivered.length, { atLeast: 2, timeoutMs: 20_000 });
}, 240_000);

afterAll(async () => {
  await stack?.stop();
  await collector?.close();
  await hook?.stop(true);
});

const spansOf = (id: string) => collector.spans.filter((span) => span.traceId === id);
const find = (spans: ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

/** The names of a span and its ancestors. */
function pathOf(span: ReceivedSpan | undefined): string[] {
  if (!span) return [];
  const parent = spansOf(span.traceId).find(({ spanId }) => spanId === span.parentSpanId);
  return [span.name, ...pathOf(parent)];
}

test.skipIf(!isLocalStack)(
  'one trace connects the request, nginx, sockets, webhook and email',
  async () => {
    const route = 'POST /v1/conversations/:id/messages';
    const isComplete = () => {
      const spans = spansOf(traceId);
      // A span is sent after its end, so after its children.
      const names = [
        'webhook deliver',
        'job notifications.message',
        'relay message.created',
        route,
      ];
      return (
        names.every((name) => find(spans, name).length > 0) &&
        find(spans, 'mail send').some((mail) => pathOf(mail).at(-1) === route) &&
        find(spans, 'socket message.created').length >= 2
      );
    };
    await until(isComplete, { timeoutMs: 40_000 }).catch(() => {});
    const spans = spansOf(traceId);
    const [nginxSpan] = find(spans, route);
    expect(sent.statuses).toEqual([201, 201]);
    expect(nginxSpan).toMatchObject({
      parentSpanId,
      attributes: {
        'http.response.status_code': 201,
        'tenant.id': sent.organizationId,
        'request.id': sent.requestId,
      },
    });
    const write = spans.find(
      ({ name, parentSpanId }) => name === 'sql write' && parentSpanId === nginxSpan?.spanId,
    );
    expect(write?.attributes['db.query.summary']).toMatch(/insert messages.*insert outbox/s);

    const record = ['record message.created', 'sql write', route];
    const relay = ['relay message.created', ...record];
    const sockets = find(spans, 'socket message.created').filter(
      ({ replica }) => replica !== undefined,
    );
    expect([...new Set(sockets.map(({ replica }) => replica))].sort()).toEqual([
      'websocket-1',
      'websocket-2',
    ]);
    for (const socket of sockets) expect(pathOf(socket)).toEqual([socket.name, ...relay]);
    const [deliver] = find(spans, 'webhook deliver');
    expect(pathOf(deliver)).toEqual(['webhook deliver', ...relay]);
    const [mail] = find(spans, 'mail send');
    expect(pathOf(mail)).toEqual([
      ...['mail send', 'job notifications.email-message', 'job notifications.message'],
      ...relay,
    ]);
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['insightdesk-api', 'insightdesk-websocket', 'insightdesk-worker']),
    );
    expect(spans.filter(({ isFailed }) => isFailed)).toEqual([]);
  },
);

test.skipIf(!isLocalStack)('webhooks carry traceparent, and responses and events do not', () => {
  const deliveries = delivered.filter(({ body }) => body.includes('"Here"'));
  expect(deliveries).toHaveLength(1);
  const [deliver] = find(spansOf(traceId), 'webhook deliver');
  expect(deliveries[0]?.headers.get('traceparent')).toBe(`00-${traceId}-${deliver?.spanId}-01`);
  expect(Object.keys(sent.event).sort()).toEqual(
    ['at', 'channel', 'data', 'epoch', 'id', 'offset', 'type'].sort(),
  );
  expect(JSON.stringify(sent.event)).not.toContain(traceId);
});

test.skipIf(!isLocalStack)('a relay batch is linked to the traces of its events', () => {
  const [relay] = find(spansOf(traceId), 'relay message.created');
  const [link] = relay?.links ?? [];
  const batch = collector.spans.find(({ spanId }) => spanId === link?.spanId);
  expect(batch?.name).toBe('relay batch');
  expect(batch?.traceId).not.toBe(traceId);
  const [record] = find(spansOf(traceId), 'record message.created');
  expect(batch?.links).toContainEqual({ traceId, spanId: record?.spanId ?? '' });
});

test.skipIf(!isLocalStack)('log lines contain the trace id', () => {
  const lines = stack.lines.filter((line) => line.includes(`"traceId":"${traceId}"`));
  const request = lines.find((line) => line.includes('"msg":"request"'));
  expect(request).toContain(`"requestId":"${sent.requestId}"`);
  const email = lines.find((line) => line.includes('"msg":"email: accepted"'));
  expect(email).toContain('"service":"worker"');
  expect(email).toContain('"job":"evt_');
  expect(stack.lines.join('\n')).not.toContain('Bearer abc');
});

test.skipIf(!isLocalStack)('an invalid traceparent is replaced by the request id', async () => {
  expect(sent.invalidRequestId).toMatch(/^[0-9a-f]{32}$/);
  const route = 'POST /v1/conversations/:id/messages';
  const nginxSpan = await until(() => find(spansOf(sent.invalidRequestId), route)[0], {
    timeoutMs: 20_000,
  });
  expect(nginxSpan).toMatchObject({ parentSpanId: undefined });
  expect(collector.spans.every(({ traceId: id }) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
});

test.skipIf(!isLocalStack)('span attributes are bounded and contain no user content', () => {
  const text = JSON.stringify(collector.spans);
  for (const word of ['Where am I', 'Carla', '@example.com', 'correct horse', 'Bearer']) {
    expect(text).not.toContain(word);
  }
  expect(collector.requests.every(({ path }) => path === '/v1/traces')).toBe(true);
  expect(collector.requests[0]?.headers.get('authorization')).toBe('Bearer abc');
});

test.skipIf(!isLocalStack)(
  'an unavailable collector loses only spans, which are counted',
  async () => {
    const { services } = JSON.parse(readFileSync(stack.runFile, 'utf8')) as RunFile;
    const api = services.find(({ name }) => name === 'api-1')?.url ?? '';
    const counted = async (outcome: string) => {
      const metrics = await (await fetch(`${api}/metrics`)).text();
      const line = new RegExp(`^trace_spans_total\\{.*outcome="${outcome}".*\\} (\\d+)$`, 'm');
      return Number(line.exec(metrics)?.[1] ?? 0);
    };
    expect(await counted('exported')).toBeGreaterThan(0);
    expect(await counted('failed')).toBe(0);
    await collector.close();
    expect((await fetch(`${api}/openapi.json`)).status).toBe(200);
    await until(() => counted('failed').then((spans) => spans > 0), { timeoutMs: 25_000 });
    expect((await fetch(`${api}/health/ready`)).status).toBe(200);
  },
);
