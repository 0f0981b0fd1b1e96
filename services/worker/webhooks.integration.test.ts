import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { events } from '@insightdesk/shared/domain/catalog';
import { openConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { listMembers } from '@insightdesk/shared/domain/identity/users';
import { sendEvent } from '@insightdesk/shared/domain/integrations/event-ingest';
import {
  addWebhook,
  changeWebhook,
  getWebhook,
  listDeliveries,
  replayDelivery,
  replaySince,
  rotateSecret,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { Webhook } from 'standardwebhooks';
import { openReceiver, openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
let receiver: ReturnType<typeof openReceiver>;
let owner: Context;
let tenantId: Id<'org'>;

beforeAll(async () => {
  worker = await openWorker();
});
afterAll(() => worker.close());
beforeEach(async () => {
  receiver = openReceiver();
  ({ owner, tenantId } = await createTestTenant(worker.context));
});
afterEach(() => receiver.close());

const hook = (events = ['*']) => addWebhook(owner, { url: receiver.url, events });
const open = (subject = 'S') => openConversation(owner, { subject, body: 'first' });
const say = (conversationId: Id<'cnv'>, body: string) =>
  sendMessage(owner, { id: conversationId, body });
const heard = (type: string) => receiver.received.filter((one) => one.type === type);
const log = async (id: Id<'whk'>) => (await listDeliveries(owner, { id })).items;
const isQuiet = async (id: Id<'whk'>) =>
  (await log(id)).every(({ status }) => status !== 'waiting');

test('what staff hears is delivered, signed by Standard Webhooks', async () => {
  const { id, secret } = await hook();
  const conversation = await open();
  await until(() => receiver.received.length >= 2);
  const [created] = heard('conversation.created');
  const told = new Webhook(secret).verify(
    created?.body ?? '',
    Object.fromEntries(created?.headers ?? []),
  );
  expect(told).toMatchObject({
    type: 'conversation.created',
    organizationId: tenantId,
    data: { id: conversation.id, subject: 'S' },
  });
  for (const { type, data } of receiver.received) {
    expect(events[type]?.audience.staff?.schema.parse(data)).toEqual(data);
  }
  await until(() => isQuiet(id));
  expect(await log(id)).toContainEqual(
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

test('a webhook hears what it asked for, and an organisation without one causes no work', async () => {
  const { id } = await hook(['message.*']);
  const other = await createTestTenant(worker.context);
  await openConversation(other.owner, { subject: 'Not theirs', body: 'b' });
  await open();
  await until(async () => (await log(id)).length > 0 && (await isQuiet(id)));
  expect(new Set(receiver.received.map(({ type }) => type))).toEqual(new Set(['message.created']));
  await until(async () => {
    const [row] =
      await worker.admin`select count(*)::int as n from outbox where relayed_at is null`;
    return row?.n === 0;
  });
  const rows = await worker.admin`
    select 1 from webhook_events where tenant_id = ${toUuid(other.tenantId)}`;
  expect(rows).toHaveLength(0);
});

test('a failure is tried again, and holds up its own conversation only', async () => {
  const { id } = await hook(['message.created']);
  const [slow, quick] = [await open('slow'), await open('quick')];
  await until(async () => (await log(id)).length === 2 && (await isQuiet(id)));
  receiver.received.length = 0;
  let isMended = false;
  const bodyOf = (text: string) => (JSON.parse(text) as { data: { body: string } }).data.body;
  receiver.answerWith((_, times) => {
    if (!isMended && times === 1) return new Response('later', { status: 503 });
    return new Response('ok');
  });
  await say(slow.id, '1');
  await until(() => receiver.received.length === 1);
  isMended = true;
  for (const body of ['2', '3', '4']) await say(slow.id, body);
  await say(quick.id, 'q');
  await until(async () => (await log(id)).length === 7 && (await isQuiet(id)));
  const bodies = receiver.received.map(({ body }) => bodyOf(body));
  expect(bodies.filter((body) => body !== 'q')).toEqual(['1', '1', '2', '3', '4']);
  expect(bodies).toContain('q');
  const ids = receiver.received.filter(({ body }) => bodyOf(body) === '1').map((one) => one.id);
  expect(new Set(ids).size).toBe(1);
  const [first] = (await log(id)).filter((one) => one.id === ids[0]);
  expect(first).toMatchObject({ status: 'delivered', attempts: 2 });
});

test('order is kept in every conversation under a burst', async () => {
  const { id } = await hook(['message.created']);
  const places = await Promise.all([open('a'), open('b'), open('c')]);
  receiver.answerWith((_, times) =>
    Math.random() < 0.2 && times < 3 ? new Response('', { status: 500 }) : new Response('ok'),
  );
  for (let n = 0; n < 15; n++) {
    await Promise.all(places.map(({ id: place }) => say(place, String(n))));
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
  for (const { id: place } of places) expect(accepted.get(place)).toEqual(expected);
});

test('after the last attempt it is given up, with its reason', async () => {
  const { id } = await hook(['conversation.created']);
  receiver.answerWith(() => new Response('no\0pe', { status: 500 }));
  await open();
  await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
  expect(await log(id)).toEqual([
    expect.objectContaining({
      status: 'failed',
      attempts: 5,
      responseStatus: 500,
      responseBody: 'nope',
      error: 'Answered with status 500',
    }),
  ]);
  expect((await getWebhook(owner, { id })).failingSince).not.toBeNull();
});

describe('replay', () => {
  test('of one delivery: the same id again', async () => {
    const { id } = await hook(['conversation.created']);
    await open();
    await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
    const [first] = await log(id);
    const deliveryId = first?.id as Id<'evt'>;
    expect(await replayDelivery(owner, { id, deliveryId })).toMatchObject({ status: 'waiting' });
    await until(() => receiver.received.length === 2);
    expect(receiver.received.map((one) => one.id)).toEqual([deliveryId, deliveryId]);
  });

  test('since a time, in order, of what it wants now', async () => {
    const { id } = await hook(['conversation.created']);
    const since = new Date(Date.now() - 60_000).toISOString();
    const { id: place } = await open();
    await say(place, '2');
    await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
    await changeWebhook(owner, { id, events: ['message.created'] });
    await replaySince(owner, { id, since });
    await until(() => heard('message.created').length === 2);
    const bodies = heard('message.created').map(({ data }) => (data as { body: string }).body);
    expect(bodies).toEqual(['first', '2']);
    expect(heard('conversation.created')).toHaveLength(1);
  });
});

test('while a secret is replaced both sign, later only the new one', async () => {
  const { id, secret: old } = await hook(['conversation.created']);
  const { secret: fresh } = await rotateSecret(owner, { id });
  const verifies = (secret: string, n: number) => {
    const { body, headers } = receiver.received[n] as (typeof receiver.received)[number];
    try {
      return Boolean(new Webhook(secret).verify(body, Object.fromEntries(headers)));
    } catch {
      return false;
    }
  };
  await open();
  await until(() => receiver.received.length === 1);
  expect([verifies(fresh, 0), verifies(old, 0)]).toEqual([true, true]);
  await worker.admin`update webhooks set previous_secret_until = now() - interval '1 second'
    where id = ${toUuid(id)}`;
  await open();
  await until(() => receiver.received.length === 2);
  expect([verifies(fresh, 1), verifies(old, 1)]).toEqual([true, false]);
});

describe('a webhook is switched off', () => {
  const mails = () => worker.mailer.sent.filter(({ subject }) => subject.includes('switched off'));

  test('when its address is gone; the owner is told once', async () => {
    const { id } = await hook();
    const before = mails().length;
    receiver.answerWith(() => new Response('', { status: 410 }));
    await open();
    await until(() => mails().length > before);
    expect(await getWebhook(owner, { id })).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
    });
    await until(() => isQuiet(id));
    const rows = await worker.admin`select payload from outbox
      where tenant_id = ${toUuid(tenantId)} and name = 'webhook.disabled'`;
    expect(rows.map(({ payload }) => payload)).toEqual([{ webhookId: id, reason: 'gone' }]);
    expect(mails().length).toBe(before + 1);
  });

  test('after three days of failures, and starts anew when enabled', async () => {
    const { id } = await hook(['conversation.created']);
    receiver.answerWith(() => new Response('', { status: 500 }));
    await worker.admin`update webhooks set failing_since = now() - interval '73 hours'
      where id = ${toUuid(id)}`;
    await open();
    await until(async () => !(await getWebhook(owner, { id })).enabled);
    expect(await getWebhook(owner, { id })).toMatchObject({ disabledReason: 'failing' });
    expect((await log(id))[0]).toMatchObject({ status: 'failed', attempts: 1 });
    receiver.answerWith(() => new Response('ok'));
    expect(await changeWebhook(owner, { id, enabled: true })).toMatchObject({
      enabled: true,
      disabledReason: null,
      failingSince: null,
    });
    const [failed] = await log(id);
    await replayDelivery(owner, { id, deliveryId: failed?.id as Id<'evt'> });
    await until(async () => (await log(id))[0]?.status === 'delivered');
  });

  test('a success in between ends the count', async () => {
    const { id } = await hook(['conversation.created']);
    await worker.admin`update webhooks set failing_since = now() - interval '73 hours'
      where id = ${toUuid(id)}`;
    await open();
    await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
    expect(await getWebhook(owner, { id })).toMatchObject({ enabled: true, failingSince: null });
  });
});

test('a delivery that has failed for an hour is passed by those behind it', async () => {
  const { id } = await hook(['message.created']);
  const place = await open();
  await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
  await worker.admin`update webhook_deliveries set status = 'waiting', attempts = 4,
    due_since = now() - interval '2 hours', next_attempt_at = now() + interval '1 hour'
    where webhook_id = ${toUuid(id)}`;
  await say(place.id, 'after');
  await until(async () => (await log(id))[0]?.status === 'delivered');
  const [after, stuck] = await log(id);
  expect(after).toMatchObject({ type: 'message.created', attempts: 1 });
  expect(stuck).toMatchObject({ status: 'waiting', attempts: 4 });
});

test('an e-mail that an outside system asks for is sent once, to a member', async () => {
  const { email } = (await listMembers(owner, {})).items[0] as { email: string };
  const payload = { to: email, subject: 'Your report', body: 'Hello\n\nIt is <ready>.' };
  const event = { name: 'email/send.requested', payload, id: 'report-1' };
  expect((await sendEvent(owner, event)).isNew).toBe(true);
  expect((await sendEvent(owner, event)).isNew).toBe(false);
  // Whoever has just registered is also asked to confirm the address.
  const mine = () =>
    worker.mailer.sent.filter(({ to, subject }) => to === email && subject === 'Your report');
  await until(() => mine().length > 0);
  expect(mine()).toHaveLength(1);
  expect(mine()[0]?.html).toContain('It is &lt;ready&gt;.');
});

test('a delivery whose job was lost is taken up with the next event', async () => {
  const { id } = await hook(['conversation.created']);
  await open('lost');
  await until(async () => (await log(id)).length === 1 && (await isQuiet(id)));
  await worker.admin`update webhook_deliveries set status = 'waiting', attempts = 0,
    next_attempt_at = now() - interval '1 hour' where webhook_id = ${toUuid(id)}`;
  await changeWebhook(owner, { id, events: ['member.joined'] });
  await open('next');
  await until(() => isQuiet(id));
  expect(receiver.received.map(({ data }) => (data as { subject: string }).subject)).toEqual([
    ...['lost', 'lost'],
  ]);
});
