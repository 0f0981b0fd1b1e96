import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { RecordedEvent } from '@insightdesk/shared/events';
import { startOtlpReceiver, startTracing } from '@insightdesk/shared/tracing';
import { newId } from '@insightdesk/shared/utils';
import { traceBatch } from './trace-batch.ts';

let receiver: ReturnType<typeof startOtlpReceiver>;
beforeAll(() => {
  receiver = startOtlpReceiver();
});
afterAll(() => receiver.close());
beforeEach(() => void receiver.spans.splice(0));

const spanId = 'b'.repeat(16);
const trace = (digit: string, flag = '01') => `00-${digit.repeat(32)}-${spanId}-${flag}`;
const event = (position: number, parent?: string): RecordedEvent => ({
  id: newId('evt'),
  position,
  tenantId: newId('org'),
  requestId: 'r',
  name: 'thing.happened',
  version: 1,
  payload: {},
  at: new Date().toISOString(),
  ...(parent && { trace: parent }),
});

/** Dispatches a batch with tracing enabled and no random sampling. */
async function dispatchTraced<T>(
  events: RecordedEvent[],
  dispatch: (events: RecordedEvent[]) => Promise<T>,
) {
  const { close } = await startTracing(
    { endpoint: receiver.url, ratio: 0, maxPerSecond: 10 },
    { service: 'worker', replica: 'worker-1', environment: 'test' },
  );
  try {
    return await traceBatch(events, dispatch);
  } finally {
    await close(5_000);
  }
}

test('each event continues its own trace, and the batch links to the sampled traces', async () => {
  const events = [event(1, trace('1')), event(2, trace('2', '00')), event(3), event(4, trace('4'))];
  const seen = await dispatchTraced(events, async (batch) => batch);
  const [first, fourth, batch] = receiver.spans;
  expect(receiver.spans.map(({ name }) => name)).toEqual([
    'relay thing.happened',
    'relay thing.happened',
    'relay batch',
  ]);
  expect(first).toMatchObject({ traceId: '1'.repeat(32), parentSpanId: spanId });
  expect(fourth).toMatchObject({ traceId: '4'.repeat(32), parentSpanId: spanId });
  const batchLink = { traceId: batch?.traceId ?? '', spanId: batch?.spanId ?? '' };
  for (const span of [first, fourth]) expect(span?.links).toEqual([batchLink]);
  expect(batch?.links).toEqual(['1', '4'].map((digit) => ({ traceId: digit.repeat(32), spanId })));
  expect(batch?.attributes['messaging.batch.message_count']).toBe(4);
  expect(seen.map((recorded) => recorded.trace)).toEqual([
    `00-${'1'.repeat(32)}-${first?.spanId}-01`,
    trace('2', '00'),
    undefined,
    `00-${'4'.repeat(32)}-${fourth?.spanId}-01`,
  ]);
  expect(seen.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
});

test('a failed batch fails the span of each event', async () => {
  const failure = Object.assign(new Error('ann@example.com'), { code: 'UNAVAILABLE' });
  const failing = dispatchTraced([event(1, trace('1'))], () => Promise.reject(failure));
  expect(await failing.catch((error) => error)).toBe(failure);
  expect(receiver.spans.map(({ isFailed }) => isFailed)).toEqual([true, true]);
  expect(receiver.spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    'UNAVAILABLE',
    'UNAVAILABLE',
  ]);
});

test('a batch without sampled events leaves no spans', async () => {
  const events = [event(1, trace('1', '00')), event(2)];
  expect(await dispatchTraced(events, async (batch) => batch)).toBe(events);
  expect(receiver.spans).toEqual([]);
});
