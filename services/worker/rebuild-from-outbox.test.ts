import { expect, test } from 'bun:test';
import type { RecordedEvent, RelayedEvent } from '@insightdesk/shared/events';
import type { Logger } from '@insightdesk/shared/logging';
import { createRebuild } from './rebuild-from-outbox.ts';
import { recordedEvent } from './testing/event-payloads.ts';

const logTo = (levels: string[]) =>
  ({ warn: () => levels.push('warn'), info: () => levels.push('info') }) as unknown as Logger;

/** The levels of the lines when channel logs are rebuilt from these events. */
async function levelsFor(events: RecordedEvent[]): Promise<string[]> {
  const levels: string[] = [];
  const rebuild = createRebuild(() => undefined, {
    channels: { isComplete: async () => false, rebuild: async () => events.length },
    dataLoss: { lostSince: async () => undefined, mark: async () => {} },
    queues: { enqueue: async () => {} },
    historySeconds: 60,
    log: logTo(levels),
  });
  await rebuild(async function* () {
    yield events.map((event) => ({ ...event, logPositions: {} }) as RelayedEvent);
  });
  return levels;
}

test('createRebuild: a start without events logs no warning, lost channel logs are one', async () => {
  expect(await levelsFor([])).toEqual([]);
  expect(await levelsFor([recordedEvent('message.created', {})])).toEqual(['warn']);
});

test('createRebuild: channel logs are rebuilt from a limited number of bytes', async () => {
  let pages = 0;
  const rebuild = createRebuild(() => undefined, {
    channels: { isComplete: async () => false, rebuild: async () => 0 },
    dataLoss: { lostSince: async () => undefined, mark: async () => {} },
    queues: { enqueue: async () => {} },
    historySeconds: 60,
    log: logTo([]),
  });
  const text = 'x'.repeat(1_000_000);
  await rebuild(async function* () {
    for (; pages < 1_000; pages++) {
      const event = recordedEvent('message.created', { text });
      yield [{ ...event, logPositions: {} } as RelayedEvent];
    }
  });
  expect(pages).toBeLessThan(40);
});
