import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createContact } from '@insightdesk/shared/domain/desk/contacts';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { updatePreferences } from '@insightdesk/shared/domain/identity/preferences';
import type { JobRequest } from '@insightdesk/shared/jobs';
import { createIsolatedTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  createReplyAddress,
  enqueueOverdue,
  getSubscription,
  notifyRecipients,
  putEmailTemplate,
  sendPending,
  unsubscribe,
  verifyReplyAddress,
} from './index.ts';

// An own database, where no running worker takes the jobs.
const { context, mailer, admin, close } = await createIsolatedTestContext();
afterAll(close);

const MINUTE_MS = 60_000;
const addressOf = (user: Context) => `${userIdOf(user)}@example.com`;
const emailsTo = (address: string) => mailer.sent.filter(({ to }) => to === address);

async function setUp() {
  const tenant = await createTestTenant(context);
  const { tenantId, owner } = tenant;
  const [agent, customer] = [await tenant.member('agent'), await tenant.member('customer')];
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'Hello' });
  const enqueued: JobRequest[] = [];
  const log: string[] = [];
  const run = {
    ...{ id: newId('evt'), tenantId, requestId: 'r' },
    enqueue: async (more: JobRequest[]) => void enqueued.push(...more),
    log: async (line: string) => void log.push(line),
  };
  const system = systemContext(context, 'worker', run);
  const reply = async (body: string, by: Context = agent) => {
    const { message } = await sendMessage(by, { id, body });
    return {
      id: newId('evt'),
      requestId: 'r',
      notice: {
        messageId: message.id,
        conversationId: id,
        authorId: userIdOf(by),
        customerId: userIdOf(customer),
        assigneeId: null,
      },
    };
  };
  const notify = (...notices: Awaited<ReturnType<typeof reply>>[]) =>
    notifyRecipients(system, { notices }, run);
  /** Runs the job of a user as if its time had come. */
  const runDue = (userId: Id<'usr'>, ctx: Context = system) =>
    sendPending(
      ctx,
      { userId, dueAt: new Date(Date.now() + 26 * 60 * MINUTE_MS).toISOString() },
      run,
    );
  const pending = async () =>
    (
      await admin<
        { user_id: string; due_at: Date; first_sequence: number; last_sequence: number }[]
      >`
      select user_id, due_at, first_sequence, last_sequence from pending_notifications
      where tenant_id = ${toUuid(tenantId)} order by user_id`
    ).map((row) => ({ ...row }));
  return {
    ...tenant,
    owner,
    agent,
    customer,
    id,
    run,
    system,
    reply,
    notify,
    runDue,
    pending,
    enqueued,
    log,
  };
}

test('280 messages to an absent customer are one email after the delay, which shows 20 and counts the rest', async () => {
  const { customer, reply, notify, runDue, pending, enqueued } = await setUp();
  const notices = [];
  for (let n = 1; n <= 280; n++) notices.push(await reply(`Message ${n} of many`));
  for (let at = 0; at < notices.length; at += 50) await notify(...notices.slice(at, at + 50));
  const [row, ...others] = await pending();
  expect(others).toEqual([]);
  expect(row).toMatchObject({ first_sequence: 2, last_sequence: 281 });
  expect(new Set(enqueued.map(({ id }) => id)).size).toBe(1);
  expect(enqueued[0]?.delayMs).toBeGreaterThan(4 * MINUTE_MS);
  expect(enqueued[0]?.delayMs).toBeLessThanOrEqual(5 * MINUTE_MS);
  await runDue(userIdOf(customer));
  await runDue(userIdOf(customer));
  const [email, more] = emailsTo(addressOf(customer));
  expect(more).toBeUndefined();
  expect(email?.subject).toBe('#1 A lamp');
  expect(email?.text.match(/Message \d+ of many/g)).toHaveLength(20);
  expect(email?.text).toContain('And 260 more messages.');
  expect(email?.text).toContain(`${context.settings.appUrl}/conversations/cnv_`);
  expect(await pending()).toEqual([]);
  // A repeated job of an earlier message sends nothing again.
  await notify(...notices.slice(100, 110));
  await runDue(userIdOf(customer));
  expect(emailsTo(addressOf(customer))).toHaveLength(1);
  const next = await reply('One more thing');
  await notify(next);
  await runDue(userIdOf(customer));
  const [, second] = emailsTo(addressOf(customer));
  expect(second?.text).toContain('One more thing');
  expect(second?.text).not.toContain('of many');
});

test('a job that is not due yet sends nothing', async () => {
  const { customer, reply, notify, run, system } = await setUp();
  await notify(await reply('Soon'));
  await sendPending(system, { userId: userIdOf(customer) }, run);
  expect(emailsTo(addressOf(customer))).toEqual([]);
});

test('an email that was recorded when the worker was killed is sent by another run, once', async () => {
  for (const isAccepted of [false, true]) {
    const { customer, reply, notify, runDue, system, tenantId } = await setUp();
    await notify(await reply('Urgent'));
    const send = async (email: Parameters<typeof mailer.send>[0]) => {
      if (isAccepted) await mailer.send(email);
      throw new Error('killed');
    };
    const mail = { ...mailer, send } as never;
    await expect(runDue(userIdOf(customer), { ...system, mail })).rejects.toThrow('killed');
    expect(emailsTo(addressOf(customer))).toHaveLength(isAccepted ? 1 : 0);
    await runDue(userIdOf(customer));
    await runDue(userIdOf(customer));
    const [email, more] = emailsTo(addressOf(customer));
    expect([email?.text.includes('Urgent'), more]).toEqual([true, undefined]);
    const rows =
      await admin`select sent_at from email_deliveries where tenant_id = ${toUuid(tenantId)}`;
    expect(rows.map(({ sent_at }) => sent_at !== null)).toEqual([true]);
  }
});

test('preferences: off sends nothing, daily is one email for all conversations, 0 minutes is at once', async () => {
  const { agent, owner, customer, reply, notify, runDue, pending, enqueued } = await setUp();
  await updatePreferences(owner, { notifications: { unassigned: { email: 'off' } } });
  await updatePreferences(agent, {
    timezone: 'Europe/Berlin',
    workHoursStart: '08:30',
    notifications: { unassigned: { email: 'daily' } },
  });
  await updatePreferences(customer, { notifications: { delayMinutes: 0 }, locale: 'de-AT' });
  const { id: other } = await createConversation(customer, {
    subject: 'A chair',
    body: 'It wobbles',
  });
  const first = await reply('My lamp is broken', customer);
  const { message } = await sendMessage(customer, { id: other, body: 'Very much' });
  await notify(first, {
    ...first,
    notice: { ...first.notice, conversationId: other, messageId: message.id },
  });
  const rows = await pending();
  expect(new Set(rows.map(({ user_id }) => user_id))).toEqual(new Set([toUuid(userIdOf(agent))]));
  expect(rows).toHaveLength(2);
  const local = rows[0]?.due_at.toLocaleTimeString('de', { timeZone: 'Europe/Berlin' });
  expect(local).toBe('08:30:00');
  await runDue(userIdOf(agent));
  const [digest, more] = emailsTo(addressOf(agent));
  expect(more).toBeUndefined();
  expect(digest?.subject).toBe('New messages in 2 conversations');
  for (const part of ['A lamp', 'My lamp is broken', 'A chair', 'Very much', 'once a day']) {
    expect(digest?.text).toContain(part);
  }
  await notify(await reply('Try another bulb'));
  expect(enqueued.at(-1)?.delayMs).toBeLessThan(1_000);
  await runDue(userIdOf(customer));
  const [german] = emailsTo(addressOf(customer));
  expect(german?.text).toContain('“A agent” schrieb:\n\nTry another bulb');
  expect(german?.html).toContain('<html lang="de">');
});

test('messages that were read are not emailed; a connected customer gets the others', async () => {
  const { tenantId, agent, owner, customer, id, reply, notify, runDue, system } = await setUp();
  await notify(await reply('Read this', customer), await reply('And you this'));
  for (const user of [agent, owner, customer]) {
    await admin`insert into conversation_reads (tenant_id, conversation_id, user_id, message_count, reply_count)
      values (${toUuid(tenantId)}, ${toUuid(id)}, ${toUuid(userIdOf(user))}, 3, 3)
      on conflict (tenant_id, conversation_id, user_id) do update set message_count = 3, reply_count = 3`;
  }
  await runDue(userIdOf(agent));
  await runDue(userIdOf(customer));
  expect([...emailsTo(addressOf(agent)), ...emailsTo(addressOf(customer))]).toEqual([]);
  await notify(await reply('Not read'));
  const connectedUsers = async () => new Set([userIdOf(customer)]);
  const connected = { ...system, realtime: { ...system.realtime, presence: { connectedUsers } } };
  await runDue(userIdOf(customer), connected as never);
  expect(emailsTo(addressOf(customer))).toHaveLength(1);
  await notify(await reply('Seen later'), await reply('Still unread'));
  await admin`update conversation_reads set message_count = 5, reply_count = 5
    where tenant_id = ${toUuid(tenantId)} and user_id = ${toUuid(userIdOf(customer))}`;
  await runDue(userIdOf(customer));
  const last = emailsTo(addressOf(customer)).at(-1)?.text;
  expect(last).toContain('Still unread');
  expect(last).not.toContain('Seen later');
});

test('customers see names of staff as the organization shows them', async () => {
  const { tenantId, customer, reply, notify, runDue } = await setUp();
  await admin`update organizations set staff_names = 'team', team_name = 'Acme Care' where id = ${toUuid(tenantId)}`;
  await notify(await reply('Try another bulb'));
  await runDue(userIdOf(customer));
  const [email] = emailsTo(addressOf(customer));
  expect(email?.text).toContain('“Acme Care” wrote:');
  expect(email?.text).not.toContain('A agent');
});

test.each([
  ['verified by the product', { externalId: 'x1', emailVerified: true }, true],
  ['that staff opened the contact by', {}, true],
  ['that was only stated for an externalId', { externalId: 'x2' }, false],
])('the address of a contact %s: %j', async (_, input, isWritten) => {
  const { owner, agent, id: _id, tenantId, notify, runDue } = await setUp();
  const address = `${newId('usr')}@example.com`;
  const contact = await createContact(owner, { name: 'Carla', email: address, ...input } as never);
  const conversation = newId('cnv');
  const message = newId('msg');
  const tenant = toUuid(tenantId);
  await admin`insert into conversations (tenant_id, id, number, subject, customer_id, message_count, reply_count)
    values (${tenant}, ${toUuid(conversation)}, 99, 'S', ${toUuid(contact.id)}, 1, 1)`;
  await admin`insert into messages (tenant_id, id, conversation_id, sequence, author_id, kind, body)
    values (${tenant}, ${toUuid(message)}, ${toUuid(conversation)}, 1, ${toUuid(userIdOf(agent))}, 'reply', 'Hi')`;
  const people = { customerId: contact.id, authorId: userIdOf(agent), assigneeId: null };
  const notice = { messageId: message, conversationId: conversation, ...people };
  await notify({ id: newId('evt'), requestId: 'r', notice });
  await runDue(contact.id);
  expect(emailsTo(address)).toHaveLength(isWritten ? 1 : 0);
});

test('one-click unsubscribe: the header switches off this kind of email, and its link on again', async () => {
  const { customer, reply, notify, runDue, pending } = await setUp();
  await notify(await reply('One'));
  await runDue(userIdOf(customer));
  const { headers = {}, text = '' } = emailsTo(addressOf(customer))[0] ?? {};
  expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
  const [, token = ''] =
    /\/v1\/unsubscribe\?token=([\w.-]+)>$/.exec(headers['List-Unsubscribe'] ?? '') ?? [];
  expect(text).toContain(`/unsubscribe?token=${token}`);
  expect(await getSubscription(context, { token })).toMatchObject({
    organization: { name: 'A tenant' },
    kinds: ['messages'],
    subscribed: true,
  });
  const off = await unsubscribe(context, { token, 'List-Unsubscribe': 'One-Click' });
  expect(off.subscribed).toBe(false);
  await notify(await reply('Two'));
  expect(await pending()).toEqual([]);
  expect((await unsubscribe(context, { token, subscribe: true })).subscribed).toBe(true);
  const invalid = unsubscribe(context, { token: `${token}x` });
  await expect(invalid).rejects.toMatchObject({ code: 'LINK_INVALID' });
});

test('a Reply-To address is signed for one user and conversation', async () => {
  const { tenantId, customer, agent, id, reply, notify, runDue, system } = await setUp();
  const settings = { ...system.settings, replyDomain: 'reply.example.com' };
  await notify(await reply('One'));
  await runDue(userIdOf(customer), { ...system, settings });
  const { replyTo = '' } = emailsTo(addressOf(customer))[0] ?? {};
  expect(replyTo).toMatch(/^reply\+[\w-]{58}@reply\.example\.com$/);
  const at = { ...system, settings };
  const found = await verifyReplyAddress(at, replyTo);
  expect(found).toEqual({ tenantId, conversationId: id, userId: userIdOf(customer) });
  const ofAgent = createReplyAddress(at, { tenantId, conversationId: id, userId: userIdOf(agent) });
  expect(await verifyReplyAddress(at, ofAgent ?? '')).toMatchObject({ userId: userIdOf(agent) });
  const forged = `${replyTo.slice(0, 50)}${replyTo[50] === 'A' ? 'B' : 'A'}${replyTo.slice(51)}`;
  for (const address of [
    forged,
    replyTo.replace('reply.', 'other.'),
    'reply+x@reply.example.com',
  ]) {
    expect(await verifyReplyAddress(at, address)).toBeUndefined();
  }
});

test('a template of the organization in the language of the recipient is used, and its values stay text', async () => {
  const { owner, customer, reply, notify, runDue } = await setUp();
  await updatePreferences(customer, { locale: 'de-CH' });
  await putEmailTemplate(owner, {
    name: 'conversation-messages',
    locale: 'DE',
    subject: '{{organization.name}}: {{conversation.subject}}',
    body: 'Guten Tag {{recipient.name}}\n\n{{messages}}\n\nIhr Team',
  });
  await notify(await reply('<b>{{recipient.name}}</b>'));
  await runDue(userIdOf(customer));
  const [email] = emailsTo(addressOf(customer));
  expect(email?.subject).toBe('A tenant: A lamp');
  expect(email?.text).toContain('Guten Tag A customer\n\n“A agent” schrieb:');
  expect(email?.html).toContain('&lt;b&gt;{{recipient.name}}&lt;/b&gt;');
});

test('an overdue email is enqueued again after its job was lost, others are not', async () => {
  const { customer, tenantId, reply, notify, runDue } = await setUp();
  await notify(await reply('Lost'));
  const find = async () => {
    const requests: JobRequest[] = [];
    await enqueueOverdue(context, {
      requestId: 'r',
      enqueue: async (more) => void requests.push(...more),
    });
    return requests.filter((request) => request.tenantId === tenantId);
  };
  expect(await find()).toEqual([]);
  await admin`update pending_notifications set due_at = now() - interval '2 minutes' where tenant_id = ${toUuid(tenantId)}`;
  expect((await find()).map(({ payload }) => payload)).toEqual([{ userId: userIdOf(customer) }]);
  await runDue(userIdOf(customer));
  expect(await find()).toEqual([]);
  await admin`update email_deliveries set sent_at = null, created_at = now() - interval '10 minutes'
    where tenant_id = ${toUuid(tenantId)}`;
  expect(await find()).toHaveLength(1);
});
