import { afterEach, expect, test } from 'bun:test';
import { captureException, trackErrors } from '@insightdesk/shared/error-tracking';
import { DatabaseError } from '@insightdesk/shared/errors';
import { withContext } from '@insightdesk/shared/logging';
import { createSentryTracker, type SentryOutcome, startErrorReceiver } from './index.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  trackErrors(undefined);
  for (const end of ends.splice(0)) await end();
});

async function open(dsn: string, timeoutMs = 5_000) {
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
  trackErrors(tracker);
  return { tracker, outcomes };
}

function receive(answer?: Parameters<typeof startErrorReceiver>[0]) {
  const receiver = startErrorReceiver(answer);
  ends.push(receiver.stop);
  return receiver;
}

test('an event says what, where, for whom and after what', async () => {
  const { dsn, received } = receive();
  const { tracker, outcomes } = await open(dsn);
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
  expect(outcomes).toEqual(['taken', 'taken']);
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
      about: { message: 'job: failed', attempt: 2, password: '[redacted]' },
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

test('nothing goes along that nobody gave: no variables, no packages, no address', async () => {
  const { dsn, received } = receive();
  const { tracker } = await open(dsn);
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
  ['is away', () => 'http://public@127.0.0.1:1/7'],
  ['never answers', () => receive(() => new Promise<Response>(() => {})).dsn],
  ['refuses', () => receive(() => new Response(null, { status: 500 })).dsn],
  ['leads elsewhere', () => receive(() => Response.redirect('http://127.0.0.1:1/', 307)).dsn],
])('a tracker that %s holds nobody up', async (_, dsn) => {
  const { tracker, outcomes } = await open(dsn(), 100);
  captureException(new Error('x'));
  expect(outcomes).toEqual([]);
  await tracker.close(5_000);
  expect(outcomes).toEqual(['refused']);
});

test('the end does not wait longer than it may for a tracker that never answers', async () => {
  const { dsn } = receive(() => new Promise<Response>(() => {}));
  const { tracker, outcomes } = await open(dsn, 600_000);
  captureException(new Error('x'));
  await tracker.close(50);
  expect(outcomes).toEqual([]);
});

test('one that has had enough is left alone for as long as it says', async () => {
  const { dsn, received } = receive(
    () => new Response(null, { status: 429, headers: { 'Retry-After': '600' } }),
  );
  const { outcomes } = await open(dsn);
  captureException(new Error('first'));
  while (outcomes.length === 0) await Bun.sleep(5);
  captureException(new Error('second'));
  while (outcomes.length < 2) await Bun.sleep(5);
  expect(outcomes).toEqual(['refused', 'refused']);
  expect(received).toHaveLength(1);
});

test('of reports that nobody takes only so many wait', async () => {
  const { dsn, received } = receive(() => new Promise<Response>(() => {}));
  const { tracker, outcomes } = await open(dsn, 600_000);
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
  while (outcomes.length < 36) await Bun.sleep(5);
  expect(outcomes).toEqual(Array(36).fill('refused'));
  expect(received.length).toBeLessThanOrEqual(64);
});

test('it hooks into nothing', async () => {
  const { fetch } = globalThis;
  const { emit } = process;
  const listeners = () => process.eventNames().map((name) => process.listenerCount(name));
  const before = listeners();
  await open('http://public@127.0.0.1:1/7');
  expect(globalThis.fetch).toBe(fetch);
  expect(process.emit).toBe(emit);
  expect(listeners()).toEqual(before);
  const sentry = await import('@sentry/core');
  expect(sentry.getClient()).toBeUndefined();
});
