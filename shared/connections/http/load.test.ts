import { expect, test } from 'bun:test';
import { createShedder, type LoadSample, watchLoad } from './load.ts';

const limits = { lagMs: 100, waitMs: 200, samplesToShed: 2, samplesToResume: 3 };
const calm: LoadSample = { lagMs: 1, waitMs: 0 };
const warm: LoadSample = { lagMs: 80, waitMs: 0 };
const lagging: LoadSample = { lagMs: 101, waitMs: 0 };
const waiting: LoadSample = { lagMs: 1, waitMs: 201 };

test.each([
  ['one long pause is not overload', [lagging, calm, lagging, calm], '....'],
  ['two in a row are', [lagging, lagging], '.!'],
  ['waiting for connections is too', [waiting, lagging], '.!'],
  ['it ends when calm has lasted', [lagging, lagging, calm, calm, calm], '.!!!.'],
  ['less is not calm yet', [lagging, lagging, calm, warm, calm, calm, warm], '.!!!!!!'],
  ['it takes two again', [waiting, waiting, calm, calm, calm, waiting, calm], '.!!!...'],
])('%s', (_, samples, expected) => {
  const shedder = createShedder(limits);
  const seen = samples.map((sample) => {
    shedder.observe(sample);
    return shedder.isShedding ? '!' : '.';
  });
  expect(seen.join('')).toBe(expected);
});

test('a limit of 0 is none', () => {
  const shedder = createShedder({ ...limits, lagMs: 0 });
  for (let i = 0; i < 5; i++) shedder.observe({ lagMs: 10_000, waitMs: 0 });
  expect(shedder.isShedding).toBe(false);
});

test('an event loop that is held up is noticed', async () => {
  const changes: boolean[] = [];
  const load = watchLoad({
    limits: { lagMs: 60, waitMs: 0 },
    waitMs: () => 0,
    sampleMs: 20,
    onChange: (isShedding) => changes.push(isShedding),
  });
  for (let i = 0; i < 20 && !load.isShedding; i++) {
    Bun.sleepSync(150);
    await new Promise(setImmediate);
  }
  load.stop();
  expect(changes).toEqual([true]);
});

test('so is the end of that, after a while', async () => {
  const ended = Promise.withResolvers<void>();
  const sampleMs = 5;
  let clockMs = 0;
  let looks = 0;
  // Each look is late by so much, however busy the machine is; the first is at the start.
  const lateMs = [0, 100, 100, 0, 0, 0, 0];
  const changes: [number, boolean][] = [];
  const load = watchLoad({
    limits: { lagMs: 60, waitMs: 0 },
    waitMs: () => 0,
    sampleMs,
    nowMs: () => {
      clockMs += sampleMs + (lateMs[looks++] ?? 0);
      return clockMs;
    },
    onChange(isShedding) {
      changes.push([looks - 1, isShedding]);
      if (!isShedding) ended.resolve();
    },
  });
  await ended.promise;
  load.stop();
  expect(changes).toEqual([
    [2, true],
    [6, false],
  ]);
});
