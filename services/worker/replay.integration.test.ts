import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { openConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { addWebhook } from '@insightdesk/shared/domain/integrations/webhooks';
import { catalogOf, defineEvent, effectsBy, type RecordedEvent } from '@insightdesk/shared/events';
import type { JobRequest } from '@insightdesk/shared/jobs';
import type { ChannelEntry } from '@insightdesk/shared/realtime';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { effectsOf } from './reactions.ts';
import { type ReplayOptions, replayEvents } from './replay.ts';
import { readReplayOptions } from './replay-options.ts';
import { openReceiver, openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
let owner: Context;
let tenantId: Id<'org'>;
let enqueued: JobRequest[];
const since = new Date(Date.now() - 60_000);

beforeAll(async () => {
  worker = await openWorker();
});
afterAll(() => worker.close());
beforeEach(async () => {
  enqueued = [];
  ({ owner, tenantId } = await createTestTenant(worker.context));
});

/** Channels and webhooks are real; what is enqueued is looked at instead of carried out. */
const replay = (options: Partial<ReplayOptions> & { to: string }, using = effectsOf) =>
  replayEvents(
    using,
    {
      url: worker.relayUrl,
      channelLog: worker.channelLog,
      webhooks: worker.webhooks,
      queues: { enqueue: async (requests) => void enqueued.push(...requests) },
    },
    { since, tenantId, isDryRun: false, ...options },
  );

const relayed = () =>
  until(async () => {
    const [row] =
      await worker.admin`select count(*)::int as n from outbox where relayed_at is null`;
    return row?.n === 0;
  });

async function converse(messages: number) {
  const { id } = await openConversation(owner, { subject: 'S', body: '0' });
  for (let n = 1; n < messages; n++) await sendMessage(owner, { id, body: String(n) });
  await relayed();
}

test('channels get nothing twice, and what they lost again in stored order', async () => {
  await converse(5);
  const first = await replay({ to: 'channels' });
  expect(first.consequences).toBeGreaterThan(10);
  expect(first.known).toBe(first.consequences);
  const entries: ChannelEntry[] = [];
  const channelLog = {
    append: async (more: readonly ChannelEntry[]) => {
      entries.push(...more);
      return more.map(() => ({ epoch: '', offset: 0, isKnown: false }));
    },
  };
  const outlets = { url: worker.relayUrl, webhooks: worker.webhooks, channelLog };
  const queues = { enqueue: async () => {} };
  const report = await replayEvents(
    effectsOf,
    { ...outlets, queues },
    {
      since,
      tenantId,
      isDryRun: false,
      pageSize: 3,
      to: 'channels',
      event: 'message.created',
    },
  );
  expect(report).toMatchObject({ events: 5, known: 0 });
  const bodies = entries
    .filter(({ channel }) => channel === `private-organization-${tenantId}`)
    .map(({ data }) => (data as { body: string }).body);
  expect(bodies).toEqual(['0', '1', '2', '3', '4']);
});

test('jobs, or one of them, under the ids they had', async () => {
  await converse(2);
  await replay({ to: 'jobs' });
  const names = new Set(enqueued.map(({ job }) => job.name));
  expect(names).toContain('notifications.message');
  const before = enqueued.splice(0).map(({ id }) => id);
  await replay({ to: 'notifications.message' });
  expect(enqueued.map(({ job }) => job.name)).toEqual(Array(2).fill('notifications.message'));
  expect(before).toEqual(expect.arrayContaining(enqueued.map(({ id }) => id)));
});

test('webhooks hear what they have not heard, once', async () => {
  const receiver = openReceiver();
  await converse(2);
  await addWebhook(owner, { url: receiver.url, events: ['message.created'] });
  await replay({ to: 'webhooks' });
  expect(enqueued.map(({ job }) => job.name)).toEqual(['webhooks.fan-out']);
  await worker.queues.enqueue(enqueued);
  await until(() => receiver.received.length === 2);
  await replay({ to: 'webhooks' });
  const [row] = await worker.admin`select count(*)::int as n, count(fanned_out_at)::int as done
    from webhook_events where tenant_id = ${toUuid(tenantId)}`;
  expect(row?.n).toBe(row?.done);
  await receiver.close();
});

test('a dry run does nothing, and the time is a limit', async () => {
  await converse(2);
  const dry = await replay({ to: 'jobs', isDryRun: true });
  expect(dry.consequences).toBeGreaterThan(0);
  expect(enqueued).toEqual([]);
  const later = await replay({ to: 'jobs', since: new Date(Date.now() + 60_000) });
  expect(later.events).toBe(0);
  const before = await replay({ to: 'jobs', since: new Date(0), until: since });
  expect(before.events).toBe(0);
});

test('old payloads come in the present shape; what does not is told', async () => {
  const tell = (version: number, payload: object) => worker.admin`
    insert into outbox (tenant_id, event_id, name, version, payload, request_id, relayed_at)
    values (${toUuid(tenantId)}, ${toUuid(newId('evt'))}, 'thing.moved', ${version},
      ${payload as never}, 'r', now())`;
  await tell(1, { at: 7 });
  await tell(2, { x: 8 });
  await tell(1, {});
  const moved = defineEvent('thing.moved', z.object({ x: z.number() }), {
    version: 2,
    upcasts: { 1: ({ at }) => ({ x: at }) },
  });
  const heard: unknown[] = [];
  const using = effectsBy(catalogOf({ moved }), {
    'thing.moved': ({ payload }: RecordedEvent<typeof moved>): JobRequest[] => {
      heard.push(payload);
      return [];
    },
  });
  // The database rounds times to the next millisecond, too.
  const soon = new Date(Date.now() + 1_000);
  const report = await replay({ to: 'jobs', event: 'thing.moved', until: soon }, using);
  expect(heard).toEqual([{ x: 7 }, { x: 8 }]);
  expect(report.refused).toMatchObject([{ name: 'thing.moved' }]);
});

test.each([
  [{ to: 'jobs' }, '--since'],
  [{ since: 'yesterday', to: 'jobs' }, '--since'],
  [{ since: '2026-01-31T08:00:00Z', until: 'x', to: 'jobs' }, '--until'],
  [{ since: '2026-01-31T08:00:00Z', tenant: 'acme', to: 'jobs' }, '--tenant'],
  [{ since: '2026-01-31', to: 'notification.message' }, 'did you mean notifications.message?'],
  [{ since: '2026-01-31', to: 'jobs', event: 'mesage.created' }, 'did you mean message.created?'],
  [{ since: '2026-01-31' }, '--to'],
])('%j is refused', (given, reason) => {
  expect(readReplayOptions(given)).toContain(reason);
});
