import { afterAll, beforeAll, expect, test } from 'bun:test';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { createLogger } from '@insightdesk/shared/logging';
import { startOtlpReceiver, startTracing } from '@insightdesk/shared/tracing';
import { Hono } from 'hono';
import { errorHandler } from './error-handler.ts';
import type { HttpEnv } from './http-env.ts';
import { requestId } from './request-id.ts';
import { requestLog } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';
import { traceRequests } from './trace-requests.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const lines: Record<string, unknown>[] = [];
const log = createLogger(
  { level: 'info', format: 'json' },
  { service: 'api', replica: 'api-1' },
  { write: (line) => void lines.push(JSON.parse(line)) },
);

const app = new Hono<HttpEnv>();
app.onError(errorHandler(log));
app.notFound(() => {
  throw new DomainNotFoundError('Not found');
});
app.use(
  requestId(),
  traceRequests(),
  requestLog(log, () => {}),
  securityHeaders(),
);
app.get('/things/:id', (c) => c.text('here'));
app.get('/broken', () => {
  throw new RangeError('of ann@example.com');
});

let receiver: ReturnType<typeof startOtlpReceiver>;
let tracing: Awaited<ReturnType<typeof startTracing>>;
beforeAll(async () => {
  receiver = startOtlpReceiver();
  tracing = await startTracing(
    { endpoint: receiver.url, ratio: 1, maxPerSecond: 1_000 },
    { service: 'api', replica: 'api-1', environment: 'test' },
  );
});
afterAll(async () => {
  await tracing.close(0);
  await receiver.close();
});

const send = (path: string, headers: Record<string, string>) => app.request(path, { headers });

test('traceRequests: a request is a span with the name of its route in the trace of its caller', async () => {
  await send('/things/a-secret?token=secret', {
    traceparent: `00-${traceId}-${spanId}-00`,
    'X-Request-Id': 'r-1',
  });
  await send('/nowhere/a-secret', { 'X-Request-Id': traceId.replace('4', '5') });
  await send('/broken', { traceparent: 'x'.repeat(8_000), 'X-Request-Id': 'r-3' });
  await send('/things/4', { traceparent: `00-${'0'.repeat(32)}-${spanId}-01` });
  await tracing.close(5_000);

  const [found, missing, broken, zeros] = receiver.spans;
  expect(found).toMatchObject({
    name: 'GET /things/:id',
    traceId,
    parentSpanId: spanId,
    isFailed: false,
    attributes: { 'http.response.status_code': 200, 'request.id': 'r-1' },
  });
  expect(missing).toMatchObject({
    name: 'GET unmatched',
    traceId: traceId.replace('4', '5'),
    parentSpanId: undefined,
    isFailed: false,
    attributes: { 'http.response.status_code': 404 },
  });
  expect(broken).toMatchObject({
    name: 'GET /broken',
    parentSpanId: undefined,
    isFailed: true,
    attributes: { 'error.type': 'RangeError' },
  });
  expect(zeros).toMatchObject({ parentSpanId: undefined });
  expect(zeros?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(JSON.stringify(receiver.spans)).not.toMatch(/secret|example\.com/);
  const loggedTraceIds = lines.filter(({ msg }) => msg === 'request').map((line) => line.traceId);
  expect(loggedTraceIds).toEqual([found, missing, broken, zeros].map((span) => span?.traceId));
});
