import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { RecordedEvent } from '@insightdesk/shared/events';
import { openOtlpReceiver, openTracing } from '@insightdesk/shared/tracing';
import { newId } from '@insightdesk/shared/utils';
import { traceBatch } from './trace-batch.ts';

let receiver: ReturnType<typeof openOtlpReceiver>;
beforeAll(() => {
  receiver = openOtlpReceiver();
});
afterAll(() => receiver.close());
beforeEach(() => void receiver.spans.splice(0));

const spanId = 'b'.repeat(16);
const trace = (digit: string, flag = '01') => `00-${digit.repeat(32)}-${spanId}-${flag}`;
const event = (position: number, of?: string): RecordedEvent => ({
  id: newId('evt'),
  position,
  tenantId: newId('org'),
  requestId: 'r',
  name: 'thing.happened',
  version: 1,
  payload: {},
  at: new Date().toISOString(),
  ...(of && { trace: of }),
});

/** Carries a batch out with tracing on, where no trace begins by chance. */
async function traced<T>(
  events: RecordedEvent[],
  carryOut: (events: RecordedEvent[]) => Promise<T>,
) {
  const { close } = await openTracing(
    { endpoint: receiver.url, ratio: 0, maxPerSecond: 10 },
    { service: 'worker', replica: 'worker-1', environment: 'test' },
  );
  try {
    return await traceBatch(events, carryOut);
  } finally {
    await close(5_000);
  }
}

test('each event goes on in its own trace, and the batch is linked to those that are recorded', async () => {
  const events = [event(1, trace('1')), event(2, trace('2', '00')), event(3), event(4, trace('4'))];
  const seen = await traced(events, async (told) => told);
  const [first, fourth, batch] = receiver.spans;
  expect(receiver.spans.map(({ name }) => name)).toEqual([
    'relay thing.happened',
    'relay thing.happened',
    'relay batch',
  ]);
  expect(first).toMatchObject({ traceId: '1'.repeat(32), parentSpanId: spanId });
  expect(fourth).toMatchObject({ traceId: '4'.repeat(32), parentSpanId: spanId });
  const ofBatch = { traceId: batch?.traceId ?? '', spanId: batch?.spanId ?? '' };
  for (const one of [first, fourth]) expect(one?.links).toEqual([ofBatch]);
  expect(batch?.links).toEqual(['1', '4'].map((one) => ({ traceId: one.repeat(32), spanId })));
  expect(batch?.attributes['messaging.batch.message_count']).toBe(4);
  expect(seen.map((one) => one.trace)).toEqual([
    `00-${'1'.repeat(32)}-${first?.spanId}-01`,
    trace('2', '00'),
    undefined,
    `00-${'4'.repeat(32)}-${fourth?.spanId}-01`,
  ]);
  expect(seen.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
});

test('a batch that fails fails in each of its traces', async () => {
  const failure = Object.assign(new Error('of ann@example.com'), { code: 'AWAY' });
  const failing = traced([event(1, trace('1'))], () => Promise.reject(failure));
  expect(await failing.catch((error) => error)).toBe(failure);
  expect(receiver.spans.map(({ isFailed }) => isFailed)).toEqual([true, true]);
  expect(receiver.spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    'AWAY',
    'AWAY',
  ]);
});

test('a batch of which nothing is recorded leaves no spans', async () => {
  const events = [event(1, trace('1', '00')), event(2)];
  expect(await traced(events, async (told) => told)).toBe(events);
  expect(receiver.spans).toEqual([]);
});
