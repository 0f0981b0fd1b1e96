import { expect, test } from 'bun:test';
import type { JobNews } from '@insightdesk/shared/jobs';
import type { SystemSignal } from '@insightdesk/shared/realtime';
import { newId } from '@insightdesk/shared/utils';
import { createJobNews } from './job-news.ts';

const tenantId = newId('org');
const news = (id: string, state: JobNews['state'], more: Partial<JobNews> = {}): JobNews => ({
  id,
  state,
  tenantId,
  queue: 'maintenance',
  name: 'test.work',
  attempt: 1,
  ...more,
});

/** Everything that is told of these, flush by flush. */
async function told(...all: JobNews[]): Promise<SystemSignal[]> {
  const { promise, resolve } = Promise.withResolvers<SystemSignal[]>();
  const { observe } = createJobNews(resolve, 1);
  for (const one of all) observe(one);
  return promise;
}

test('of each job only the latest is told, to the staff of its organisation', async () => {
  const other = newId('org');
  const signals = await told(
    news('a', 'active'),
    ...[1, 2, 3].map((percent) => news('a', 'progress', { percent })),
    news('b', 'completed', { tenantId: other, ms: 7 }),
  );
  const { tenantId: _, ...a } = { ...news('a', 'progress'), percent: 3 };
  const { tenantId: __, ...b } = news('b', 'completed');
  expect(signals).toEqual([
    { tenantId, channel: `private-organization-${tenantId}`, type: 'job.updated', data: a },
    { tenantId: other, channel: `private-organization-${other}`, type: 'job.updated', data: b },
  ]);
});

test('a flood is cut, jobs of the system are nobody else s', async () => {
  const flood = Array.from({ length: 500 }, (_, n) => news(`job-${n}`, 'active'));
  const other = news('other', 'active', { tenantId: newId('org') });
  const signals = await told(...flood, news('s', 'active', { tenantId: 'system' }), other);
  expect(signals).toHaveLength(51);
  expect(signals.at(-1)).toMatchObject({ data: { id: 'other' } });
});
