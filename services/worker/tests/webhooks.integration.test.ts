import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { events } from '@insightdesk/shared/domain/catalog';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { listMembers } from '@insightdesk/shared/domain/identity/users';
import { ingestEvent } from '@insightdesk/shared/domain/integrations/event-ingest';
import {
  createWebhook,
  getWebhook,
  listDeliveries,
  replayDelivery,
  replaySince,
  rotateSecret,
  updateWebhook,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { Webhook } from 'standardwebhooks';
import { openTestWorker } from '../testing/test-worker.ts';
import { openWebhookReceiver } from '../testing/webhook-receiver.ts';

const worker = await openTestWorker();
afterAll(worker.close);
let receiver: ReturnType<typeof openWebhookReceiver>;
let owner: Context;
let tenantId: Id<'org'>;

beforeEach(async () => {
  receiver = openWebhookReceiver();
  ({ owner, tenantId } = await createTestTenant(worker.context));
});
afterEach(() => receiver.close());

const createHook = (events = ['*']) => createWebhook(owner, { url: receiver.url, events });
const startConversation = (subject = 'S') => createConversation(owner, { subject, body: 'first' });
const send = (conversationId: Id<'cnv'>, body: string) =>
  sendMessage(owner, { id: conversationId, body });
const receivedOf = (type: string) => receiver.received.filter((delivery) => delivery.type === type);
const listLog = async (id: Id<'whk'>) => (await listDeliveries(owner, { id })).items;
const isIdle = async (id: Id<'whk'>) =>
  (await listLog(id)).every(({ status }) => status !== 'waiting');

test('events for staff are delivered with a Standard Webhooks signature', async () => {
  const { id, secret } = await createHook();
  const conversation = await startConversation();
  await until(() => receiver.received.length, { atLeast: 2 });
  const [created] = receivedOf('conversation.created');
  const verified = new Webhook(secret).verify(
    created?.body ?? '',
    Object.fromEntries(created?.headers ?? []),
  );
  expect(verified).toMatchObject({
    type: 'conversation.created',
    organizationId: tenantId,
    data: { id: conversation.id, subject: 'S' },
  });
  for (const { type, data } of receiver.received) {
    expect(events[type]?.audience.staff?.schema.parse(data)).toEqual(data);
  }
  await until(() => isIdle(id));
  expect(await listLog(id)).toContainEqual(
    expect.objectContaining({
      id: created?.id,
      type: 'conversation.created',
      status: 'delivered',
      attempts: 1,
      responseStatus: 200,
      responseBody: 'ok',
      error: null,
      nextAttemptAt: null,
    }),
  );
});

test('a webhook receives the events of its filter, and an organization without webhooks stores none', async () => {
  const { id } = await createHook(['message.*']);
  const other = await createTestTenant(worker.context);
  await createConversation(other.owner, { subject: 'Not theirs', body: 'b' });
  await startConversation();
  await until(async () => (await listLog(id)).length > 0 && (await isIdle(id)));
  expect(new Set(receiver.received.map(({ type }) => type))).toEqual(new Set(['message.created']));
  await worker.waitForRelay();
  const rows = await worker.admin`
    select 1 from webhook_events where tenant_id = ${toUuid(other.tenantId)}`;
  expect(rows).toHaveLength(0);
});

test('a failed delivery is retried and blocks its own conversation only', async () => {
  const { id } = await createHook(['message.created']);
  const [slow, quick] = [await startConversation('slow'), await startConversation('quick')];
  await until(async () => (await listLog(id)).length === 2 && (await isIdle(id)));
  receiver.received.length = 0;
  let isFixed = false;
  const bodyOf = (text: string) => (JSON.parse(text) as { data: { body: string } }).data.body;
  receiver.respondWith((_, times) => {
    if (!isFixed && times === 1) return new Response('later', { status: 503 });
    return new Response('ok');
  });
  await send(slow.id, '1');
  await until(() => receiver.received.length, { equals: 1 });
  isFixed = true;
  for (const body of ['2', '3', '4']) await send(slow.id, body);
  await send(quick.id, 'q');
  await until(async () => (await listLog(id)).length === 7 && (await isIdle(id)));
  const bodies = receiver.received.map(({ body }) => bodyOf(body));
  expect(bodies.filter((body) => body !== 'q')).toEqual(['1', '1', '2', '3', '4']);
  expect(bodies).toContain('q');
  const ids = receiver.received.filter(({ body }) => bodyOf(body) === '1').map((one) => one.id);
  expect(new Set(ids).size).toBe(1);
  const [first] = (await listLog(id)).filter((one) => one.id === ids[0]);
  expect(first).toMatchObject({ status: 'delivered', attempts: 2 });
});

test('deliveries of a conversation stay in order under a burst', async () => {
  const { id } = await createHook(['message.created']);
  const conversations = await Promise.all([
    startConversation('a'),
    startConversation('b'),
    startConversation('c'),
  ]);
  receiver.respondWith((_, times) =>
    Math.random() < 0.2 && times < 3 ? new Response('', { status: 500 }) : new Response('ok'),
  );
  for (let n = 0; n < 15; n++) {
    await Promise.all(conversations.map(({ id: place }) => send(place, String(n))));
  }
  await until(async () => {
    const [row] = await worker.admin`
      select count(*)::int as n from webhook_deliveries
      where webhook_id = ${toUuid(id)} and status = 'delivered'`;
    return row?.n === 48;
  });
  const accepted = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const { id: eventId, data } of receiver.received) {
    if (seen.has(eventId)) continue;
    seen.add(eventId);
    const { conversationId, body } = data as { conversationId: string; body: string };
    accepted.set(conversationId, [...(accepted.get(conversationId) ?? []), body]);
  }
  const expected = ['first', ...Array.from({ length: 15 }, (_, n) => String(n))];
  for (const { id: place } of conversations) expect(accepted.get(place)).toEqual(expected);
});

test('a delivery fails with its reason after the last attempt', async () => {
  const { id } = await createHook(['conversation.created']);
  receiver.respondWith(() => new Response('no\0pe', { status: 500 }));
  await startConversation();
  await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
  expect(await listLog(id)).toEqual([
    expect.objectContaining({
      status: 'failed',
      attempts: 5,
      responseStatus: 500,
      responseBody: 'nope',
      error: 'Response status 500',
    }),
  ]);
  expect((await getWebhook(owner, { id })).failingSince).not.toBeNull();
});

describe('replay', () => {
  test('replayDelivery sends the same id again', async () => {
    const { id } = await createHook(['conversation.created']);
    await startConversation();
    await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
    const [first] = await listLog(id);
    const deliveryId = first?.id as Id<'evt'>;
    expect(await replayDelivery(owner, { id, deliveryId })).toMatchObject({ status: 'waiting' });
    await until(() => receiver.received.length, { equals: 2 });
    expect(receiver.received.map((one) => one.id)).toEqual([deliveryId, deliveryId]);
  });

  test('replaySince sends past events in order by the current filter', async () => {
    const { id } = await createHook(['conversation.created']);
    const since = new Date(Date.now() - 60_000).toISOString();
    const { id: place } = await startConversation();
    await send(place, '2');
    await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
    await updateWebhook(owner, { id, events: ['message.created'] });
    await replaySince(owner, { id, since });
    await until(() => receivedOf('message.created').length, { equals: 2 });
    const bodies = receivedOf('message.created').map(({ data }) => (data as { body: string }).body);
    expect(bodies).toEqual(['first', '2']);
    expect(receivedOf('conversation.created')).toHaveLength(1);
  });
});

test('a rotated secret signs together with the old one until the overlap ends', async () => {
  const { id, secret: old } = await createHook(['conversation.created']);
  const { secret: fresh } = await rotateSecret(owner, { id });
  const verifies = (secret: string, n: number) => {
    const { body, headers } = receiver.received[n] as (typeof receiver.received)[number];
    try {
      return Boolean(new Webhook(secret).verify(body, Object.fromEntries(headers)));
    } catch {
      return false;
    }
  };
  await startConversation();
  await until(() => receiver.received.length, { equals: 1 });
  expect([verifies(fresh, 0), verifies(old, 0)]).toEqual([true, true]);
  await worker.admin`update webhooks set previous_secret_until = now() - interval '1 second'
    where id = ${toUuid(id)}`;
  await startConversation();
  await until(() => receiver.received.length, { equals: 2 });
  expect([verifies(fresh, 1), verifies(old, 1)]).toEqual([true, false]);
});

describe('a webhook is disabled', () => {
  const mails = () => worker.mailer.sent.filter(({ subject }) => subject.includes('was disabled'));

  test('after a 410 response, and the owner gets one e-mail', async () => {
    const { id } = await createHook();
    const before = mails().length;
    receiver.respondWith(() => new Response('', { status: 410 }));
    await startConversation();
    await until(() => mails().length > before);
    expect(await getWebhook(owner, { id })).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
    });
    await until(() => isIdle(id));
    const rows = await worker.admin`select payload from outbox
      where tenant_id = ${toUuid(tenantId)} and name = 'webhook.disabled'`;
    expect(rows.map(({ payload }) => payload)).toEqual([{ webhookId: id, reason: 'gone' }]);
    expect(mails().length).toBe(before + 1);
  });

  test('after three days of failures, and delivers again when enabled', async () => {
    const { id } = await createHook(['conversation.created']);
    receiver.respondWith(() => new Response('', { status: 500 }));
    await worker.admin`update webhooks set failing_since = now() - interval '73 hours'
      where id = ${toUuid(id)}`;
    await startConversation();
    await until(async () => !(await getWebhook(owner, { id })).enabled);
    expect(await getWebhook(owner, { id })).toMatchObject({ disabledReason: 'failing' });
    expect((await listLog(id))[0]).toMatchObject({ status: 'failed', attempts: 1 });
    receiver.respondWith(() => new Response('ok'));
    expect(await updateWebhook(owner, { id, enabled: true })).toMatchObject({
      enabled: true,
      disabledReason: null,
      failingSince: null,
    });
    const [failed] = await listLog(id);
    await replayDelivery(owner, { id, deliveryId: failed?.id as Id<'evt'> });
    await until(async () => (await listLog(id))[0]?.status, { equals: 'delivered' });
  });

  test('unless a delivery succeeds in between', async () => {
    const { id } = await createHook(['conversation.created']);
    await worker.admin`update webhooks set failing_since = now() - interval '73 hours'
      where id = ${toUuid(id)}`;
    await startConversation();
    await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
    expect(await getWebhook(owner, { id })).toMatchObject({ enabled: true, failingSince: null });
  });
});

test('a delivery that has failed for an hour no longer blocks later ones', async () => {
  const { id } = await createHook(['message.created']);
  const place = await startConversation();
  await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
  await worker.admin`update webhook_deliveries set status = 'waiting', attempts = 4,
    due_since = now() - interval '2 hours', next_attempt_at = now() + interval '1 hour'
    where webhook_id = ${toUuid(id)}`;
  await send(place.id, 'after');
  await until(async () => (await listLog(id))[0]?.status, { equals: 'delivered' });
  const [later, failing] = await listLog(id);
  expect(later).toMatchObject({ type: 'message.created', attempts: 1 });
  expect(failing).toMatchObject({ status: 'waiting', attempts: 4 });
});

test('an e-mail requested by an external system is sent once to a member', async () => {
  const { email } = (await listMembers(owner, {})).items[0] as { email: string };
  const payload = { to: email, subject: 'Your report', body: 'Hello\n\nIt is <ready>.' };
  const event = { name: 'email/send.requested', payload, id: 'report-1' };
  expect((await ingestEvent(owner, event)).isNew).toBe(true);
  expect((await ingestEvent(owner, event)).isNew).toBe(false);
  // A new user also gets an e-mail to verify the address.
  const sentReports = () =>
    worker.mailer.sent.filter(({ to, subject }) => to === email && subject === 'Your report');
  await until(() => sentReports().length, { atLeast: 1 });
  expect(sentReports()).toHaveLength(1);
  expect(sentReports()[0]?.html).toContain('It is &lt;ready&gt;.');
});

test('an overdue delivery with a lost job is sent with the next event', async () => {
  const { id } = await createHook(['conversation.created']);
  await startConversation('lost');
  await until(async () => (await listLog(id)).length === 1 && (await isIdle(id)));
  await worker.admin`update webhook_deliveries set status = 'waiting', attempts = 0,
    next_attempt_at = now() - interval '1 hour' where webhook_id = ${toUuid(id)}`;
  await updateWebhook(owner, { id, events: ['member.joined'] });
  await startConversation('next');
  await until(() => isIdle(id));
  expect(receiver.received.map(({ data }) => (data as { subject: string }).subject)).toEqual([
    ...['lost', 'lost'],
  ]);
});
