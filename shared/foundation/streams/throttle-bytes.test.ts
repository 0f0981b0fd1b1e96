import { expect, test } from 'bun:test';
import { throttleBytes } from './index.ts';
import { countBytes, createChunks } from './test-sources.ts';

/** A clock that advances only on `wait`, by a little more than requested. */
function virtualClock({ lateMs = 0 } = {}) {
  let time = 0;
  const clock = {
    now: () => time,
    wait: async (ms: number) => {
      time += ms + lateMs;
    },
  };
  return { clock, advance: (ms: number) => (time += ms) };
}

test.each([0, 3])(
  'throttleBytes: no second exceeds the rate, with timers %d ms late',
  async (lateMs) => {
    const { clock } = virtualClock({ lateMs });
    const passed: { at: number; size: number }[] = [];
    for await (const chunk of throttleBytes(createChunks(5_000, 1, 2_999), 1_000, { clock })) {
      passed.push({ at: clock.now(), size: chunk.byteLength });
    }
    expect(passed.reduce((sum, { size }) => sum + size, 0)).toBe(8_000);
    for (const { at } of passed) {
      const within = passed.filter((other) => other.at >= at && other.at < at + 1_000);
      expect(within.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(1_150);
    }
    // As fast as allowed: late timers do not add up.
    expect(clock.now()).toBeGreaterThanOrEqual(7_900);
    expect(clock.now()).toBeLessThan(8_100);
  },
);

test('throttleBytes: an idle source does not catch up', async () => {
  const { clock, advance } = virtualClock();
  const source = async function* () {
    yield new Uint8Array(1_000);
    advance(60_000);
    yield new Uint8Array(1_000);
  };
  await countBytes(throttleBytes(source(), 1_000, { clock }));
  expect(clock.now()).toBeGreaterThan(61_700);
});

test('throttleBytes: an abort ends the wait, an invalid rate is refused', async () => {
  const abort = new AbortController();
  const slow = countBytes(throttleBytes(createChunks(10, 10), 0.001, { signal: abort.signal }));
  abort.abort(new Error('aborted'));
  await expect(slow).rejects.toThrow('aborted');
  await expect(countBytes(throttleBytes(createChunks(1), 0))).rejects.toThrow(RangeError);
  await expect(countBytes(throttleBytes(createChunks(1), Number.NaN))).rejects.toThrow(RangeError);
});
