import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReceivedSpan, startOtlpReceiver } from '@insightdesk/shared/tracing';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  type DurableEvent,
  inviteMember,
  isLocalStack,
  listEmails,
  listen,
  registerOwner,
  sendEmailsAtOnce,
} from './client.ts';
import { startPrivateStack } from './private-stack.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
/** A client that requests no sampling; the service decides itself. */
const traceparent = `00-${traceId}-${parentSpanId}-00`;

const delivered: { headers: Headers; body: string }[] = [];
let collector: ReturnType<typeof startOtlpReceiver>;
let hook: Bun.Server<undefined>;
let stack: Awaited<ReturnType<typeof startPrivateStack>>;
let sent: Awaited<ReturnType<typeof sendMessage>>;

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
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
    TRACE_SAMPLE_RATIO: '1',
    TRACE_MAX_PER_SECOND: '10000',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    LOG_LEVEL: 'debug',
  };
  stack = await startPrivateStack({ variables });
  sent = await sendMessage(`http://127.0.0.1:${hook.port}/`);
  await until(() => delivered.length, { atLeast: 1, timeoutMs: 20_000 });
}, 240_000);

afterAll(async () => {
  await stack?.close();
  await collector?.close();
  await hook?.stop(true);
});

/** Sends a message that causes socket events on both replicas, a webhook and an email. */
async function sendMessage(url: string) {
  const owner = await registerOwner();
  const { token, organizationId } = owner;
  const customer = await inviteMember(owner, 'customer', 'Carla Customer');
  await sendEmailsAtOnce(customer);
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Traced', body: 'Where am I?' },
  });
  const id: string = opened.body.id;
  const webhook = { url, description: '', events: ['message.created'] };
  await call('POST', '/v1/webhooks', { token, body: webhook });
  const listeners = await Promise.all(['1', '2'].map((replica) => listen(token, { replica })));
  for (const listener of listeners) await listener.subscribe(`private-conversation-${id}`);
  const { status, headers } = await call('POST', `/v1/conversations/${id}/messages`, {
    token,
    body: { body: 'Here' },
    headers: { traceparent },
  });
  const events = await until(() => {
    const found = listeners.map((one) => one.events.find(({ type }) => type === 'message.created'));
    return found.every((event) => event !== undefined) && (found as DurableEvent[]);
  });
  await until(async () => {
    const emails = await listEmails(customer.email);
    return emails.some(({ subject }) => subject.includes('Traced'));
  });
  for (const listener of listeners) listener.close();
  return { organizationId, status, requestId: headers.get('x-request-id'), event: events[0] };
}

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
    expect(sent.status).toBe(201);
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
  expect(Object.keys(sent.event ?? {}).sort()).toEqual(
    ['at', 'channel', 'data', 'epoch', 'id', 'offset', 'type'].sort(),
  );
  expect(JSON.stringify(sent.event)).not.toContain(traceId);
});

test.skipIf(!isLocalStack)('log lines contain the trace id', () => {
  const log = readFileSync(join(stack.directory, 'stack.log'), 'utf8');
  const lines = log.split('\n').filter((line) => line.includes(`"traceId":"${traceId}"`));
  const request = lines.find((line) => line.includes('"msg":"request"'));
  expect(request).toContain(`"requestId":"${sent.requestId}"`);
  const email = lines.find((line) => line.includes('"msg":"email: accepted"'));
  expect(email).toContain('"service":"worker"');
  expect(email).toContain('"job":"evt_');
  expect(log).not.toContain('Bearer abc');
});

test.skipIf(!isLocalStack)(
  'spans contain no user content, and exported ones are counted',
  async () => {
    const text = JSON.stringify(collector.spans);
    for (const word of ['Where am I', 'Carla', '@example.com', 'correct horse', 'Bearer']) {
      expect(text).not.toContain(word);
    }
    expect(collector.requests.every(({ path }) => path === '/v1/traces')).toBe(true);
    expect(collector.requests[0]?.headers.get('authorization')).toBe('Bearer abc');
    const api = stack.run.services.find(({ name }) => name === 'api-1')?.url ?? '';
    const metrics = await (await fetch(`${api}/metrics`)).text();
    expect(metrics).toMatch(/^trace_spans_total\{.*outcome="exported".*\} [1-9]/m);
  },
);
