import { afterEach, describe, expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { createSampler } from './sampler.ts';
import { createSpanQueue } from './span-queue.ts';
import { currentTraceparent, setTracer, startSpan, startTrace, withSpan } from './trace.ts';
import {
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
  toTraceId,
} from './traceparent.ts';
import type { SpanOptions, Tracer } from './tracer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const good = `00-${traceId}-${spanId}-01`;

describe('traceparent', () => {
  test('traceparent: is parsed and formatted', () => {
    expect(parseTraceparent(good)).toEqual({ traceId, spanId, isSampled: true });
    expect(formatTraceparent({ traceId, spanId, isSampled: true })).toBe(good);
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)?.isSampled).toBe(true);
    expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)?.traceId).toBe(traceId);
  });

  test.each([
    ['an empty text', ''],
    ['a word', 'yes'],
    ['an unknown version', `ff-${traceId}-${spanId}-01`],
    ['a suffix in version 00', `${good}-more`],
    ['a later version without a dash', `01-${traceId}-${spanId}-01x`],
    ['capitals', good.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a long id', `00-${traceId}a-${spanId}-01`],
    ['two values', `${good}, ${good}`],
    ['a line break', `${good}\n`],
    ['a megabyte', `01-${traceId}-${spanId}-01-${'a'.repeat(1_000_000)}`],
  ])('parseTraceparent: %s is invalid', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('toTraceId: a request id of nginx is a trace id', () => {
    expect(toTraceId(traceId)).toBe(traceId);
    for (const id of ['0'.repeat(32), 'r-1', Bun.randomUUIDv7(), undefined]) {
      expect(toTraceId(id)).toBeUndefined();
    }
  });
});

interface Recorded {
  name: string;
  parent: TraceContext;
  id: string;
  links: SpanOptions['links'];
  failure?: unknown;
  isEnded: boolean;
}

/** A tracer that stores spans under sequential ids. */
function createTestTracer({ takesRoot = true } = {}) {
  const spans: Recorded[] = [];
  const counts = { skipped: 0 };
  const newId = (bytes: number) => `${spans.length + 1}`.padStart(2 * bytes, '0');
  const tracer: Tracer = {
    shouldRecord: () => takesRoot,
    newId,
    countSkipped: () => void counts.skipped++,
    start({ name, links }, parent) {
      const recorded: Recorded = { name, parent, id: newId(8), links, isEnded: false };
      spans.push(recorded);
      return {
        isRecorded: true,
        spanId: recorded.id,
        rename(other) {
          recorded.name = other;
        },
        set() {},
        fail(error) {
          recorded.failure = error;
        },
        end() {
          recorded.isEnded = true;
        },
      };
    },
  };
  setTracer(tracer);
  return { spans, counts };
}

afterEach(() => setTracer(undefined));

describe('startTrace', () => {
  test('startTrace: without a tracer the work only runs', () => {
    const done = startTrace({ name: 'root', untrustedParent: good }, (root) => {
      root.set({ a: 1 });
      return withSpan({ name: 'child', parent: good }, () => currentTraceparent());
    });
    expect(done).toBeUndefined();
    expect(startSpan({ name: 'child', parent: good })).toBeUndefined();
  });

  test('withSpan: spans are children of the current span, also after an await, and end with their work', async () => {
    const { spans } = createTestTracer();
    await startTrace({ name: 'root', traceId }, async () => {
      await Bun.sleep(1);
      await Promise.all([
        withSpan({ name: 'a' }, async () => {
          await Bun.sleep(2);
          return withSpan({ name: 'a in a' }, () => {});
        }),
        withSpan({ name: 'b' }, () => Bun.sleep(1)),
      ]);
    });
    const root = spans.find(({ name }) => name === 'root');
    const a = spans.find(({ name }) => name === 'a');
    expect(root?.parent).toMatchObject({ traceId, spanId: undefined });
    expect(spans.map(({ name, parent }) => [name, parent.spanId])).toEqual([
      ['root', undefined],
      ['a', root?.id],
      ['b', root?.id],
      ['a in a', a?.id],
    ]);
    expect(spans.every(({ parent, isEnded }) => parent.traceId === traceId && isEnded)).toBe(true);
  });

  test('startTrace: an untrusted parent sets the trace id, not the sampling decision', () => {
    const { spans } = createTestTracer({ takesRoot: false });
    const ours = startTrace({ name: 'root', untrustedParent: good }, () => currentTraceparent());
    expect(ours).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(spans).toEqual([]);
    createTestTracer();
    const unsampled = good.replace(/01$/, '00');
    const trusted = startTrace({ name: 'root', untrustedParent: unsampled }, () =>
      currentTraceparent(),
    );
    expect(trusted).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  test('startTrace: an invalid parent is replaced by the given trace id', () => {
    createTestTracer();
    const options = { name: 'root', untrustedParent: `${good}-more`, traceId: 'a'.repeat(32) };
    expect(startTrace(options, () => currentTraceparent())).toStartWith(`00-${'a'.repeat(32)}-`);
  });

  test('startTrace: a parent of ours sets the sampling decision', () => {
    const { spans } = createTestTracer({ takesRoot: false });
    startTrace({ name: 'job', parent: good }, () => {});
    expect(spans[0]?.parent).toEqual({ traceId, spanId, isSampled: true });
    const { spans: none } = createTestTracer();
    startTrace({ name: 'job', parent: good.replace(/01$/, '00') }, () =>
      withSpan({ name: 'child' }, () => {}),
    );
    expect(none).toEqual([]);
  });

  test('withSpan: a span of another trace has a link to the current span', () => {
    const { spans } = createTestTracer();
    startTrace({ name: 'job' }, () => withSpan({ name: 'deliver', parent: good }, () => {}));
    const [job, deliver] = spans;
    expect(deliver?.parent.traceId).toBe(traceId);
    expect(deliver?.links).toEqual([`00-${job?.parent.traceId}-${job?.id}-01`]);
  });

  test('withSpan: an error is recorded and thrown', async () => {
    const { spans } = createTestTracer();
    const failure = new Error('no');
    const failing = startTrace({ name: 'root' }, () =>
      withSpan({ name: 'child' }, () => Promise.reject(failure)),
    );
    expect(await failing.catch((error) => error)).toBe(failure);
    const synchronous = () =>
      startTrace({ name: 'synchronous' }, () => {
        throw failure;
      });
    expect(synchronous).toThrow('no');
    expect(spans.map(({ failure, isEnded }) => [failure, isEnded])).toEqual(
      Array(3).fill([failure, true]),
    );
  });

  test('withSpan: a trace records 1,000 spans and counts the others', () => {
    const { spans, counts } = createTestTracer();
    startTrace({ name: 'root' }, () => {
      for (let i = 0; i < 1_500; i++) withSpan({ name: 'child' }, () => {});
    });
    expect(spans.length).toBe(1_001);
    expect(counts.skipped).toBe(500);
  });

  test('startTrace: log lines have the trace id', async () => {
    createTestTracer({ takesRoot: false });
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLogger(
      { level: 'info', format: 'json' },
      { service: 's', replica: 's-1' },
      { write },
    );
    await startTrace({ name: 'root', untrustedParent: good }, async () => {
      await Bun.sleep(1);
      log.info('within');
    });
    log.info('without');
    const [within = '', without = ''] = lines;
    expect(JSON.parse(within)).toMatchObject({ msg: 'within', traceId });
    expect(JSON.parse(without)).not.toHaveProperty('traceId');
  });
});

test('createSampler: samples randomly, limited by a token bucket', () => {
  let now = 0;
  let chance = 0;
  const shouldRecord = createSampler({
    ratio: 0.5,
    maxPerSecond: 3,
    now: () => now,
    random: () => chance,
  });
  const countRecorded = () => Array.from({ length: 100 }, shouldRecord).filter(Boolean).length;
  expect(countRecorded()).toBe(3);
  now = 1_000;
  expect(countRecorded()).toBe(3);
  now = 60_000;
  chance = 0.5;
  expect(countRecorded()).toBe(0);
  chance = 0.49;
  expect(countRecorded()).toBe(3);
});

describe('createSpanQueue', () => {
  function createQueue({ isUp = true, maxWaiting = 4_096 } = {}) {
    const counted = { exported: 0, failed: 0, dropped: 0 };
    const sent: number[][] = [];
    const gate = Promise.withResolvers<void>();
    const queue = createSpanQueue<number>({
      async send(spans) {
        await gate.promise;
        sent.push(spans);
        return isUp;
      },
      count: (outcome, spans) => {
        counted[outcome] += spans;
      },
      maxWaiting,
      batchSize: 512,
      delayMs: 1,
    });
    return { queue, counted, sent, gate };
  }

  test('span queue: of a burst of 20,000 spans each one is sent or counted as dropped', async () => {
    const { queue, counted, sent, gate } = createQueue();
    for (let i = 0; i < 20_000; i++) queue.add(i);
    gate.resolve();
    await queue.close(5_000);
    expect(counted.exported).toBe(sent.flat().length);
    expect(counted.exported).toBeGreaterThanOrEqual(4_096);
    expect(counted.exported + counted.dropped).toBe(20_000);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(512);
  });

  test('span queue: refused spans are counted as failed', async () => {
    const { queue, counted, gate } = createQueue({ isUp: false });
    gate.resolve();
    for (let i = 0; i < 10; i++) queue.add(i);
    await queue.close(5_000);
    expect(counted).toEqual({ exported: 0, failed: 10, dropped: 0 });
  });

  test('span queue: a collector that never responds does not delay the service', async () => {
    const { queue, counted } = createQueue({ maxWaiting: 600 });
    for (let i = 0; i < 2_000; i++) queue.add(i);
    await queue.close(10);
    queue.add(1);
    expect(counted).toEqual({ exported: 0, failed: 0, dropped: 2_001 - 512 });
  });
});
