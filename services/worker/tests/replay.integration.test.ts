import { afterAll, beforeEach, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { createWebhook } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  createEventCatalog,
  defineEvent,
  effectsBy,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest } from '@insightdesk/shared/jobs';
import type { ChannelEntry } from '@insightdesk/shared/realtime';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { effectsOf } from '../reactions.ts';
import { type ReplayOptions, replayEvents } from '../replay-events.ts';
import { readReplayOptions } from '../replay-options.ts';
import { openTestWorker } from '../testing/test-worker.ts';
import { openWebhookReceiver } from '../testing/webhook-receiver.ts';

const worker = await openTestWorker();
afterAll(worker.close);
let owner: Context;
let tenantId: Id<'org'>;
let enqueued: JobRequest[];
const since = new Date(Date.now() - 60_000);

beforeEach(async () => {
  enqueued = [];
  ({ owner, tenantId } = await createTestTenant(worker.context));
});

/** Replays to real channels and webhooks; jobs are collected instead of enqueued. */
const replay = (options: Partial<ReplayOptions> & { to: string }, effects = effectsOf) =>
  replayEvents(
    effects,
    {
      url: worker.relayUrl,
      channelLog: worker.channelLog,
      webhooks: worker.webhooks,
      queues: { enqueue: async (requests) => void enqueued.push(...requests) },
    },
    { since, tenantId, isDryRun: false, ...options },
  );

async function createMessages(messages: number) {
  const { id } = await createConversation(owner, { subject: 'S', body: '0' });
  for (let n = 1; n < messages; n++) await sendMessage(owner, { id, body: String(n) });
  await worker.waitForRelay();
}

test('a replay to channels skips duplicates and restores lost entries in stored order', async () => {
  await createMessages(5);
  const first = await replay({ to: 'channels' });
  expect(first.effects).toBeGreaterThan(10);
  expect(first.duplicates).toBe(first.effects);
  const entries: ChannelEntry[] = [];
  const channelLog = {
    append: async (more: readonly ChannelEntry[]) => {
      entries.push(...more);
      return more.map(() => ({ epoch: '', offset: 0, isDuplicate: false }));
    },
  };
  const targets = { url: worker.relayUrl, webhooks: worker.webhooks, channelLog };
  const queues = { enqueue: async () => {} };
  const report = await replayEvents(
    effectsOf,
    { ...targets, queues },
    {
      since,
      tenantId,
      isDryRun: false,
      pageSize: 3,
      to: 'channels',
      event: 'message.created',
    },
  );
  expect(report).toMatchObject({ events: 5, duplicates: 0 });
  const bodies = entries
    .filter(({ channel }) => channel === `private-organization-${tenantId}`)
    .map(({ data }) => (data as { body: string }).body);
  expect(bodies).toEqual(['0', '1', '2', '3', '4']);
});

test('a replay enqueues all jobs or one of them under their original ids', async () => {
  await createMessages(2);
  await replay({ to: 'jobs' });
  const names = new Set(enqueued.map(({ job }) => job.name));
  expect(names).toContain('notifications.message');
  const before = enqueued.splice(0).map(({ id }) => id);
  await replay({ to: 'notifications.message' });
  expect(enqueued.map(({ job }) => job.name)).toEqual(Array(2).fill('notifications.message'));
  expect(before).toEqual(expect.arrayContaining(enqueued.map(({ id }) => id)));
});

test('a replay to webhooks delivers missing events once', async () => {
  const receiver = openWebhookReceiver();
  await createMessages(2);
  await createWebhook(owner, { url: receiver.url, events: ['message.created'] });
  await replay({ to: 'webhooks' });
  expect(enqueued.map(({ job }) => job.name)).toEqual(['webhooks.fan-out']);
  await worker.queues.enqueue(enqueued);
  await until(() => receiver.received.length, { equals: 2 });
  await replay({ to: 'webhooks' });
  const [row] = await worker.admin`select count(*)::int as n, count(fanned_out_at)::int as done
    from webhook_events where tenant_id = ${toUuid(tenantId)}`;
  expect(row?.n).toBe(row?.done);
  await receiver.close();
});

test('a dry run enqueues nothing, and since and until limit the events', async () => {
  await createMessages(2);
  const dry = await replay({ to: 'jobs', isDryRun: true });
  expect(dry.effects).toBeGreaterThan(0);
  expect(enqueued).toEqual([]);
  const later = await replay({ to: 'jobs', since: new Date(Date.now() + 60_000) });
  expect(later.events).toBe(0);
  const before = await replay({ to: 'jobs', since: new Date(0), until: since });
  expect(before.events).toBe(0);
});

test('old payloads are upcast, and those that cannot be are reported', async () => {
  const insertEvent = (version: number, payload: object) => worker.admin`
    insert into outbox (tenant_id, event_id, name, version, payload, request_id, relayed_at)
    values (${toUuid(tenantId)}, ${toUuid(newId('evt'))}, 'thing.moved', ${version},
      ${payload as never}, 'r', now())`;
  await insertEvent(1, { at: 7 });
  await insertEvent(2, { x: 8 });
  await insertEvent(1, {});
  const moved = defineEvent('thing.moved', z.object({ x: z.number() }), {
    version: 2,
    upcasts: { 1: ({ at }) => ({ x: at }) },
  });
  const payloads: unknown[] = [];
  const effects = effectsBy(createEventCatalog({ moved }), {
    'thing.moved': ({ payload }: RecordedEvent<typeof moved>): JobRequest[] => {
      payloads.push(payload);
      return [];
    },
  });
  // The database may round times up to the next millisecond.
  const soon = new Date(Date.now() + 1_000);
  const report = await replay({ to: 'jobs', event: 'thing.moved', until: soon }, effects);
  expect(payloads).toEqual([{ x: 7 }, { x: 8 }]);
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
])('readReplayOptions rejects %j', (values, reason) => {
  expect(readReplayOptions(values)).toContain(reason);
});
