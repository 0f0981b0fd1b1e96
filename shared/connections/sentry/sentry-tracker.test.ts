import { afterEach, expect, test } from 'bun:test';
import { captureException, setErrorTracker } from '@insightdesk/shared/error-tracking';
import { DatabaseError } from '@insightdesk/shared/errors';
import { withContext } from '@insightdesk/shared/logging';
import { until } from '../../testing/until.ts';
import { createSentryTracker, type SentryOutcome, startErrorReceiver } from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  setErrorTracker(undefined);
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function createTracker(dsn: string, timeoutMs = 5_000) {
  const outcomes: SentryOutcome[] = [];
  const tracker = await createSentryTracker({
    dsn,
    environment: 'staging',
    release: 'insightdesk@1.2.3',
    service: 'worker',
    replica: 'worker-2',
    timeoutMs,
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  setErrorTracker(tracker);
  return { tracker, outcomes };
}

function startReceiver(respond?: Parameters<typeof startErrorReceiver>[0]) {
  const receiver = startErrorReceiver(respond);
  cleanups.push(receiver.stop);
  return receiver;
}

test('sentry: an event has error, tags, user and trace', async () => {
  const { dsn, received } = startReceiver();
  const { tracker, outcomes } = await createTracker(dsn);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const cause = Object.assign(new Error('duplicate key'), { constraint_name: 'users_email' });
  const context = { requestId: 'r-1', traceId, tenantId: 'org_1', actor: 'usr_1', job: 'job-1' };
  withContext(context, () =>
    captureException(new DatabaseError('not written', { cause }), {
      message: 'job: failed',
      fields: { attempt: 2, password: 'hunter2' },
    }),
  );
  captureException(new AggregateError([new Error('one'), new Error('two')], 'both'), {
    level: 'fatal',
  });
  await tracker.close(5_000);
  expect(outcomes).toEqual(['accepted', 'accepted']);
  const [first, second] = received.map(({ event }) => event);
  expect(first).toMatchObject({
    level: 'error',
    release: 'insightdesk@1.2.3',
    environment: 'staging',
    server_name: 'worker-2',
    user: { id: 'usr_1' },
    tags: {
      service: 'worker',
      replica: 'worker-2',
      code: 'DATABASE_ERROR',
      status: 500,
      tenantId: 'org_1',
      requestId: 'r-1',
      job: 'job-1',
    },
    contexts: {
      trace: { trace_id: traceId },
      details: { message: 'job: failed', attempt: 2, password: '[redacted]' },
    },
  });
  expect(first?.exception?.values).toMatchObject([
    { type: 'Error', value: 'duplicate key' },
    { type: 'DatabaseError', value: 'not written', mechanism: { handled: true } },
  ]);
  const frames = first?.exception?.values[1]?.stacktrace?.frames ?? [];
  expect(JSON.stringify(frames)).toContain('sentry-tracker.test.ts');
  expect(second).toMatchObject({ level: 'fatal' });
  const values = second?.exception?.values ?? [];
  expect(values.map(({ value }) => value).toSorted()).toEqual(['both', 'one', 'two']);
  expect(values.find(({ value }) => value === 'both')?.mechanism).toMatchObject({ handled: false });
  expect(second?.user).toBeUndefined();
});

test('sentry: an event has no variables, packages or addresses', async () => {
  const { dsn, received } = startReceiver();
  const { tracker } = await createTracker(dsn);
  captureException(new Error('x'));
  await tracker.close(5_000);
  const { event } = received[0] ?? {};
  expect(Object.keys(event ?? {}).toSorted()).toEqual(
    ['breadcrumbs', 'contexts', 'environment', 'event_id', 'exception', 'level', 'platform']
      .concat(['release', 'sdk', 'server_name', 'tags', 'timestamp'])
      .filter((name) => name in (event ?? {})),
  );
  expect(event).not.toHaveProperty('user');
  expect(event).not.toHaveProperty('modules');
});

test.each([
  ['is unreachable', () => 'http://public@127.0.0.1:1/7'],
  ['never responds', () => startReceiver(() => new Promise<Response>(() => {})).dsn],
  ['refuses', () => startReceiver(() => new Response(null, { status: 500 })).dsn],
  ['redirects', () => startReceiver(() => Response.redirect('http://127.0.0.1:1/', 307)).dsn],
])('sentry: a tracker that %s does not delay the service', async (_, dsn) => {
  const { tracker, outcomes } = await createTracker(dsn(), 100);
  captureException(new Error('x'));
  expect(outcomes).toEqual([]);
  await tracker.close(5_000);
  expect(outcomes).toEqual(['refused']);
});

test('sentry: close ends at its deadline when the tracker never responds', async () => {
  const { dsn } = startReceiver(() => new Promise<Response>(() => {}));
  const { tracker, outcomes } = await createTracker(dsn, 600_000);
  captureException(new Error('x'));
  await tracker.close(50);
  expect(outcomes).toEqual([]);
});

test('sentry: Retry-After of a 429 is respected', async () => {
  const { dsn, received } = startReceiver(
    () => new Response(null, { status: 429, headers: { 'Retry-After': '600' } }),
  );
  const { outcomes } = await createTracker(dsn);
  captureException(new Error('first'));
  await until(() => outcomes.length, { atLeast: 1 });
  captureException(new Error('second'));
  await until(() => outcomes.length, { atLeast: 2 });
  expect(outcomes).toEqual(['refused', 'refused']);
  expect(received).toHaveLength(1);
});

test('sentry: at most 64 reports wait, the others are refused', async () => {
  const { dsn, received } = startReceiver(() => new Promise<Response>(() => {}));
  const { tracker, outcomes } = await createTracker(dsn, 600_000);
  for (let i = 0; i < 100; i++) {
    tracker.report({
      error: { name: 'Error', message: `${i}` },
      level: 'error',
      at: new Date(),
      context: {},
      fields: {},
      breadcrumbs: [],
    });
  }
  await until(() => outcomes.length, { atLeast: 36 });
  expect(outcomes).toEqual(Array(36).fill('refused'));
  expect(received.length).toBeLessThanOrEqual(64);
});

test('sentry: the client installs no global hooks', async () => {
  const { fetch } = globalThis;
  const { emit } = process;
  const listeners = () => process.eventNames().map((name) => process.listenerCount(name));
  const before = listeners();
  await createTracker('http://public@127.0.0.1:1/7');
  expect(globalThis.fetch).toBe(fetch);
  expect(process.emit).toBe(emit);
  expect(listeners()).toEqual(before);
  const sentry = await import('@sentry/bun');
  expect(sentry.getClient()).toBeUndefined();
});
