import { expect, test } from 'bun:test';
import { createLoadShedder, type LoadSample, watchLoad } from './watch-load.ts';

const limits = { lagMs: 100, waitMs: 200, samplesToShed: 2, samplesToResume: 3 };
const calm: LoadSample = { lagMs: 1, waitMs: 0 };
const warm: LoadSample = { lagMs: 80, waitMs: 0 };
const lagging: LoadSample = { lagMs: 101, waitMs: 0 };
const waiting: LoadSample = { lagMs: 1, waitMs: 201 };

test.each([
  ['one long pause does not shed', [lagging, calm, lagging, calm], '....'],
  ['two samples in a row shed', [lagging, lagging], '.!'],
  ['long waits for connections shed', [waiting, lagging], '.!'],
  ['it ends after three calm samples', [lagging, lagging, calm, calm, calm], '.!!!.'],
  [
    'samples between the limits do not end it',
    [lagging, lagging, calm, warm, calm, calm, warm],
    '.!!!!!!',
  ],
  [
    'it takes two samples to shed again',
    [waiting, waiting, calm, calm, calm, waiting, calm],
    '.!!!...',
  ],
])('createLoadShedder: %s', (_, samples, expected) => {
  const shedder = createLoadShedder(limits);
  const seen = samples.map((sample) => {
    shedder.observe(sample);
    return shedder.isShedding ? '!' : '.';
  });
  expect(seen.join('')).toBe(expected);
});

test('createLoadShedder: a limit of 0 is disabled', () => {
  const shedder = createLoadShedder({ ...limits, lagMs: 0 });
  for (let i = 0; i < 5; i++) shedder.observe({ lagMs: 10_000, waitMs: 0 });
  expect(shedder.isShedding).toBe(false);
});

test('watchLoad: a blocked event loop starts shedding', async () => {
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

test('watchLoad: shedding ends after calm samples', async () => {
  const ended = Promise.withResolvers<void>();
  const sampleMs = 5;
  let clockMs = 0;
  let samples = 0;
  // The delay of each sample, independent of the machine; the first one is at the start.
  const lateMs = [0, 100, 100, 0, 0, 0, 0];
  const changes: [number, boolean][] = [];
  const load = watchLoad({
    limits: { lagMs: 60, waitMs: 0 },
    waitMs: () => 0,
    sampleMs,
    nowMs: () => {
      clockMs += sampleMs + (lateMs[samples++] ?? 0);
      return clockMs;
    },
    onChange(isShedding) {
      changes.push([samples - 1, isShedding]);
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
