import { afterAll, beforeAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createOrganization,
  createPhoto,
  type Listener,
  listEmails,
  listen,
  sendEmailsAtOnce,
  type TestUser,
  upload,
} from './client.ts';

let owner: TestUser;
let agent: TestUser;
let absent: TestUser;
let customer: TestUser;
const open: Listener[] = [];

const organization = () => `private-organization-${owner.organizationId}`;
const track = (listener: Listener) => {
  open.push(listener);
  return listener;
};

beforeAll(async () => {
  ({ owner, agent, absent, customer } = await createOrganization());
  await sendEmailsAtOnce(absent, customer);
});

afterAll(() => {
  for (const listener of open) listener.close();
});

test('a customer sends a message with an image, an agent replies, and all clients are notified', async () => {
  const first = track(await listen(owner.token, { replica: '1' }));
  const second = track(await listen(agent.token, { replica: '2' }));
  for (const listener of [first, second]) {
    expect(await listener.subscribe(organization())).toMatchObject({ ok: true, events: [] });
  }
  const customerListener = track(await listen(customer.token));
  expect((await customerListener.subscribe(`private-user-${customer.id}`)).ok).toBe(true);

  const attachment = await upload(customer.token, await createPhoto(), 'broken lamp.jpg');
  expect(attachment).toMatchObject({
    status: 201,
    body: { name: 'broken lamp.jpg', contentType: 'image/jpeg', status: 'pending' },
  });
  const conversation = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: {
      subject: 'My lamp is broken',
      body: 'It does not light up any more.',
      attachmentIds: [attachment.body.id],
    },
  });
  expect(conversation).toMatchObject({
    status: 201,
    body: { number: 1, status: 'open', messageCount: 1, customerId: customer.id },
  });

  for (const { events } of [first, second]) {
    await until(() => events.some(({ type }) => type === 'attachment.ready'));
    // `member.joined` of the new members may be received later.
    const notified = events.filter(({ type }) => type !== 'member.joined');
    const types = notified.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['conversation.created', 'message.created']);
    expect(types.filter((type) => type === 'attachment.ready')).toHaveLength(1);
    expect(events.map(({ offset }) => offset)).toEqual(
      events.map((_, i) => (events[0]?.offset ?? 0) + i),
    );
    expect(notified[1]?.data).toMatchObject({
      conversationId: conversation.body.id,
      authorId: customer.id,
      body: 'It does not light up any more.',
      attachments: [{ id: attachment.body.id }],
    });
    const ready = events.find(({ type }) => type === 'attachment.ready')?.data;
    expect(ready.variants.map(({ name }: { name: string }) => name).sort()).toEqual([
      'thumbnail',
      'webp',
    ]);
    const thumbnail = ready.variants.find(({ name }: { name: string }) => name === 'thumbnail');
    const bytes = await call('GET', thumbnail.url, { token: agent.token });
    expect(bytes.status).toBe(200);
    expect(bytes.headers.get('content-type')).toBe('image/webp');
  }

  const [notified] = await until(async () => {
    const mails = await listEmails(absent.email);
    const about = mails.filter(({ subject }) => subject.includes('My lamp is broken'));
    return about.length > 0 && about;
  });
  expect(notified?.text).toContain('It does not light up any more.');
  for (const present of [owner, agent]) {
    const mails = await listEmails(present.email);
    expect(mails.filter(({ subject }) => subject.includes('lamp'))).toHaveLength(0);
  }

  const path = `/v1/conversations/${conversation.body.id}/messages`;
  const note = { kind: 'note', body: 'Probably the bulb. For staff only.' };
  const reply = { body: 'Please try another bulb.', clientMessageId: 'reply-1' };
  expect((await call('POST', path, { token: agent.token, body: note })).status).toBe(201);
  const sent = await call('POST', path, { token: agent.token, body: reply });
  expect(sent.status).toBe(201);
  const repeated = await call('POST', path, { token: agent.token, body: reply });
  expect(repeated).toMatchObject({ status: 200, body: { id: sent.body.id } });

  await until(() => customerListener.events.some(({ data }) => data.body === reply.body));
  const [mail] = await until(async () => {
    const mails = await listEmails(customer.email);
    const about = mails.filter(({ text }) => text.includes(reply.body));
    return about.length > 0 && about;
  });
  expect(mail?.subject).toContain('My lamp is broken');
  await until(() => first.events.some(({ data }) => data.body === note.body));

  const mailsOfCustomer = JSON.stringify(await listEmails(customer.email));
  const listed = await call('GET', path, { token: customer.token });
  const shown = await call('GET', `/v1/conversations/${conversation.body.id}`, {
    token: customer.token,
  });
  for (const response of [customerListener.events, listed.body, shown.body, mailsOfCustomer]) {
    expect(JSON.stringify(response)).not.toContain('For staff only');
  }
  expect(shown.body.messageCount).toBe(2);
  expect(listed.body.items).toHaveLength(2);
  const staffOnly = `private-conversation-${conversation.body.id}-staff`;
  expect((await customerListener.subscribe(staffOnly)).error).toMatchObject({ status: 404 });
  expect((await customerListener.subscribe(organization())).error).toMatchObject({ status: 404 });
});
