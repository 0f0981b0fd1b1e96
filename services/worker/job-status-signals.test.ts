import { expect, test } from 'bun:test';
import type { JobStatusEvent } from '@insightdesk/shared/jobs';
import type { SystemSignal } from '@insightdesk/shared/realtime';
import { newId } from '@insightdesk/shared/utils';
import { createJobStatusSignals } from './job-status-signals.ts';

const tenantId = newId('org');
const status = (
  id: string,
  state: JobStatusEvent['state'],
  more: Partial<JobStatusEvent> = {},
): JobStatusEvent => ({
  id,
  state,
  tenantId,
  queue: 'maintenance',
  name: 'test.work',
  attempt: 1,
  ...more,
});

/** The signals of the first flush after these events. */
async function publish(...all: JobStatusEvent[]): Promise<SystemSignal[]> {
  const { promise, resolve } = Promise.withResolvers<SystemSignal[]>();
  const { observe } = createJobStatusSignals(resolve, 1);
  for (const event of all) observe(event);
  return promise;
}

test('only the latest status of each job is published to the staff of its organization', async () => {
  const other = newId('org');
  const signals = await publish(
    status('a', 'active'),
    ...[1, 2, 3].map((percent) => status('a', 'progress', { percent })),
    status('b', 'completed', { tenantId: other, ms: 7 }),
  );
  const { tenantId: _, ...a } = { ...status('a', 'progress'), percent: 3 };
  const { tenantId: __, ...b } = status('b', 'completed');
  expect(signals).toEqual([
    { tenantId, channel: `private-organization-${tenantId}`, type: 'job.updated', data: a },
    { tenantId: other, channel: `private-organization-${other}`, type: 'job.updated', data: b },
  ]);
});

test('signals are limited per organization, and system jobs are not published', async () => {
  const flood = Array.from({ length: 500 }, (_, n) => status(`job-${n}`, 'active'));
  const other = status('other', 'active', { tenantId: newId('org') });
  const signals = await publish(...flood, status('s', 'active', { tenantId: 'system' }), other);
  expect(signals).toHaveLength(51);
  expect(signals.at(-1)).toMatchObject({ data: { id: 'other' } });
});
