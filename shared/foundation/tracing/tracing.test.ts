import { afterEach, describe, expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { createSampler } from './sampler.ts';
import { createSpanQueue } from './span-queue.ts';
import { currentTrace, enterTrace, openSpan, setTracer, span } from './trace.ts';
import { asTraceId, formatTraceparent, parseTraceparent, type TracePlace } from './traceparent.ts';
import type { SpanOptions, Tracer } from './tracer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const good = `00-${traceId}-${spanId}-01`;

describe('traceparent', () => {
  test('is read and written', () => {
    expect(parseTraceparent(good)).toEqual({ traceId, spanId, isSampled: true });
    expect(formatTraceparent({ traceId, spanId, isSampled: true })).toBe(good);
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)?.isSampled).toBe(true);
    expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)?.traceId).toBe(traceId);
  });

  test.each([
    ['nothing', ''],
    ['a word', 'yes'],
    ['a version that is none', `ff-${traceId}-${spanId}-01`],
    ['more than version 00 has', `${good}-more`],
    ['no dash before what a later version adds', `01-${traceId}-${spanId}-01x`],
    ['capitals', good.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['too long an id', `00-${traceId}a-${spanId}-01`],
    ['two at once', `${good}, ${good}`],
    ['a line break', `${good}\n`],
    ['a megabyte', `01-${traceId}-${spanId}-01-${'a'.repeat(1_000_000)}`],
  ])('%s is none', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('a request id of our proxy’s can name a trace', () => {
    expect(asTraceId(traceId)).toBe(traceId);
    for (const id of ['0'.repeat(32), 'r-1', Bun.randomUUIDv7(), undefined]) {
      expect(asTraceId(id)).toBeUndefined();
    }
  });
});

interface Recorded {
  name: string;
  at: TracePlace;
  id: string;
  links: SpanOptions['links'];
  failure?: unknown;
  isOver: boolean;
}

/** Keeps what is recorded, under ids that count. */
function record({ takesRoot = true } = {}) {
  const spans: Recorded[] = [];
  const counts = { skipped: 0 };
  const newId = (bytes: number) => `${spans.length + 1}`.padStart(2 * bytes, '0');
  const tracer: Tracer = {
    takesRoot: () => takesRoot,
    newId,
    skipped: () => void counts.skipped++,
    start({ name, links }, at) {
      const one: Recorded = { name, at, id: newId(8), links, isOver: false };
      spans.push(one);
      return {
        isRecorded: true,
        spanId: one.id,
        rename(other) {
          one.name = other;
        },
        set() {},
        fail(error) {
          one.failure = error;
        },
        end() {
          one.isOver = true;
        },
      };
    },
  };
  setTracer(tracer);
  return { spans, counts };
}

afterEach(() => setTracer(undefined));

describe('a trace', () => {
  test('off, everything is only done', () => {
    const done = enterTrace({ name: 'door', foreignParent: good }, (one) => {
      one.set({ a: 1 });
      return span({ name: 'step', parent: good }, () => currentTrace());
    });
    expect(done).toBeUndefined();
    expect(openSpan({ name: 'step', parent: good })).toBeUndefined();
  });

  test('steps lie below their door, also after waiting, and end with their work', async () => {
    const { spans } = record();
    await enterTrace({ name: 'door', traceId }, async () => {
      await Bun.sleep(1);
      await Promise.all([
        span({ name: 'a' }, async () => {
          await Bun.sleep(2);
          return span({ name: 'a in a' }, () => {});
        }),
        span({ name: 'b' }, () => Bun.sleep(1)),
      ]);
    });
    const door = spans.find(({ name }) => name === 'door');
    const a = spans.find(({ name }) => name === 'a');
    expect(door?.at).toMatchObject({ traceId, spanId: undefined });
    expect(spans.map(({ name, at }) => [name, at.spanId])).toEqual([
      ['door', undefined],
      ['a', door?.id],
      ['b', door?.id],
      ['a in a', a?.id],
    ]);
    expect(spans.every(({ at, isOver }) => at.traceId === traceId && isOver)).toBe(true);
  });

  test('a stranger names the trace, and does not decide whether it is recorded', () => {
    const { spans } = record({ takesRoot: false });
    const ours = enterTrace({ name: 'door', foreignParent: good }, () => currentTrace());
    expect(ours).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(spans).toEqual([]);
    record();
    const unsampled = good.replace(/01$/, '00');
    const told = enterTrace({ name: 'door', foreignParent: unsampled }, () => currentTrace());
    expect(told).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  test('what we decided before holds', () => {
    const { spans } = record({ takesRoot: false });
    enterTrace({ name: 'job', parent: good }, () => {});
    expect(spans[0]?.at).toEqual({ traceId, spanId, isSampled: true });
    const { spans: none } = record();
    enterTrace({ name: 'job', parent: good.replace(/01$/, '00') }, () =>
      span({ name: 'step' }, () => {}),
    );
    expect(none).toEqual([]);
  });

  test('a step of another trace is linked with the work under way', () => {
    const { spans } = record();
    enterTrace({ name: 'job' }, () => span({ name: 'deliver', parent: good }, () => {}));
    const [job, deliver] = spans;
    expect(deliver?.at.traceId).toBe(traceId);
    expect(deliver?.links).toEqual([`00-${job?.at.traceId}-${job?.id}-01`]);
  });

  test('a failure is kept with its span and goes on', async () => {
    const { spans } = record();
    const failure = new Error('no');
    const failing = enterTrace({ name: 'door' }, () =>
      span({ name: 'step' }, () => Promise.reject(failure)),
    );
    expect(await failing.catch((error) => error)).toBe(failure);
    const sudden = () =>
      enterTrace({ name: 'sudden' }, () => {
        throw failure;
      });
    expect(sudden).toThrow('no');
    expect(spans.map((one) => [one.failure, one.isOver])).toEqual(Array(3).fill([failure, true]));
  });

  test('one trace records a bounded number of steps, and tells how many it did not', () => {
    const { spans, counts } = record();
    enterTrace({ name: 'door' }, () => {
      for (let i = 0; i < 1_500; i++) span({ name: 'step' }, () => {});
    });
    expect(spans.length).toBe(1_001);
    expect(counts.skipped).toBe(500);
  });

  test('lines of the log carry its id', async () => {
    record({ takesRoot: false });
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLogger(
      { level: 'info', format: 'json' },
      { service: 's', replica: 's-1' },
      { write },
    );
    await enterTrace({ name: 'door', foreignParent: good }, async () => {
      await Bun.sleep(1);
      log.info('within');
    });
    log.info('without');
    const [within = '', without = ''] = lines;
    expect(JSON.parse(within)).toMatchObject({ msg: 'within', traceId });
    expect(JSON.parse(without)).not.toHaveProperty('traceId');
  });
});

test('traces are taken by chance, and never more than a bucket of them', () => {
  let now = 0;
  let chance = 0;
  const takes = createSampler({
    ratio: 0.5,
    maxPerSecond: 3,
    now: () => now,
    random: () => chance,
  });
  const taken = () => Array.from({ length: 100 }, takes).filter(Boolean).length;
  expect(taken()).toBe(3);
  now = 1_000;
  expect(taken()).toBe(3);
  now = 60_000;
  chance = 0.5;
  expect(taken()).toBe(0);
  chance = 0.49;
  expect(taken()).toBe(3);
});

describe('the queue of spans', () => {
  function open({ isUp = true, maxWaiting = 4_096 } = {}) {
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

  test('a burst of 20,000 is sent or counted, none vanishes', async () => {
    const { queue, counted, sent, gate } = open();
    for (let i = 0; i < 20_000; i++) queue.add(i);
    gate.resolve();
    await queue.close(5_000);
    expect(counted.exported).toBe(sent.flat().length);
    expect(counted.exported).toBeGreaterThanOrEqual(4_096);
    expect(counted.exported + counted.dropped).toBe(20_000);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(512);
  });

  test('what a collector refuses is counted as failed', async () => {
    const { queue, counted, gate } = open({ isUp: false });
    gate.resolve();
    for (let i = 0; i < 10; i++) queue.add(i);
    await queue.close(5_000);
    expect(counted).toEqual({ exported: 0, failed: 10, dropped: 0 });
  });

  test('a collector that never answers holds nobody up', async () => {
    const { queue, counted } = open({ maxWaiting: 600 });
    for (let i = 0; i < 2_000; i++) queue.add(i);
    await queue.close(10);
    queue.add(1);
    expect(counted).toEqual({ exported: 0, failed: 0, dropped: 2_001 - 512 });
  });
});
