import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { getAttachment, uploadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { outbox } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { and, eq } from 'drizzle-orm';
import {
  conversations,
  createConversation,
  deleteMessage,
  deleteMessageVersions,
  getConversation,
  getMessage,
  listMessages,
  listMessageVersions,
  sendMessage,
  updateConversation,
  updateMessage,
} from '../index.ts';

const { context, close } = createTestContext();
const { owner, member, tenantId } = await createTestTenant(context);
const [agent, customer, otherCustomer] = [
  await member('agent'),
  await member('customer'),
  await member('customer'),
];
const otherTenant = (await createTestTenant(context)).owner;
afterAll(close);

interface Key {
  id: Id<'cnv'>;
  messageId: Id<'msg'>;
}

async function open(): Promise<Key> {
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  const [first] = (await listMessages(agent, { id })).items;
  return { id, messageId: first?.id ?? newId('msg') };
}

async function reply(id: Id<'cnv'>, by = agent, kind: 'reply' | 'note' = 'reply'): Promise<Key> {
  const { message } = await sendMessage(by, { id, kind, body: 'We look into it' });
  return { id, messageId: message.id };
}

const edit = (by: Context, key: Key, body = 'edited') => updateMessage(by, { ...key, body });
const versionsOf = async (key: Key) =>
  (await listMessageVersions(agent, key)).items.map(({ version, body }) => `${version} ${body}`);

const recorded = (name: string, id: Id<'cnv'>) =>
  owner.database.read({ tenantId }, async (tx) => {
    const rows = await tx
      .select({ payload: outbox.payload, origin: outbox.origin })
      .from(outbox)
      .where(and(eq(outbox.tenantId, tenantId), eq(outbox.name, name)))
      .orderBy(outbox.position)
      .execute();
    return rows.filter(({ payload }) => JSON.stringify(payload).includes(id));
  });

/** As sending maintains it. */
const setLastMessage = ({ id, messageId }: Key) =>
  owner.database.write({ tenantId }, (tx) =>
    tx
      .update(conversations)
      .set({ lastMessageId: messageId, lastMessageExcerpt: 'before' })
      .where(eq(conversations.id, id)),
  );

async function excerptOf(id: Id<'cnv'>) {
  const [row] = await owner.database.read({ tenantId }, (tx) =>
    tx
      .select({ excerpt: conversations.lastMessageExcerpt, version: conversations.version })
      .from(conversations)
      .where(eq(conversations.id, id))
      .execute(),
  );
  return row;
}

describe('updateMessage', () => {
  test('authors edit their own messages; former texts are for staff', async () => {
    const key = await open();
    const edited = await edit(customer, key, 'It is fine');
    expect(edited).toMatchObject({ body: 'It is fine', version: 2, deletedAt: null });
    expect(edited.editedAt).toBeString();
    expect(await getMessage(agent, key)).toEqual(edited);
    expect(await edit(customer, key, 'It is fine')).toEqual(edited);
    expect(await versionsOf(key)).toEqual(['1 It is broken']);
    const [version] = (await listMessageVersions(agent, key)).items;
    expect(version?.changedBy).toBe(userIdOf(customer));
    await expect(listMessageVersions(customer, key)).rejects.toMatchObject({ status: 403 });
    const [event, ...others] = await recorded('message.updated', key.id);
    expect(others).toEqual([]);
    const { author, ...stored } = edited;
    expect(event?.payload).toMatchObject({ message: stored, author, customerId: author.id });
  });

  test('others get 403, and those who do not see the message 404', async () => {
    const key = await open();
    const note = await reply(key.id, agent, 'note');
    for (const [by, message, status] of [
      [agent, key, 403],
      [owner, note, 403],
      [customer, await reply(key.id), 403],
      [customer, note, 404],
      [otherCustomer, key, 404],
      [otherTenant, key, 404],
      [agent, { ...key, id: (await open()).id }, 404],
    ] as const) {
      await expect(edit(by, message)).rejects.toMatchObject({ status });
    }
    await expect(listMessageVersions(otherTenant, key)).rejects.toMatchObject({ status: 404 });
  });

  test('concurrent edits are versions of their own, and one of them meets If-Match', async () => {
    const key = await open();
    const texts = ['a', 'b', 'c', 'd'];
    await Promise.all(texts.map((body) => edit(customer, key, body)));
    expect((await getMessage(agent, key)).version).toBe(5);
    const stored = (await versionsOf(key)).map((version) => version.slice(2));
    const { body } = await getMessage(agent, key);
    expect([...stored, body].toSorted()).toEqual([...texts, 'It is broken'].toSorted());
    const ifMatch = { ...customer, ifMatch: '"5"' };
    const results = await Promise.allSettled(texts.map((text) => edit(ifMatch, key, `${text}2`)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a customer does not edit in a closed conversation, an agent does', async () => {
    const key = await open();
    const own = await reply(key.id);
    await updateConversation(agent, { id: key.id, status: 'closed' });
    const closed = { status: 409, code: 'CONVERSATION_CLOSED' };
    await expect(edit(customer, key)).rejects.toMatchObject(closed);
    await expect(deleteMessage(customer, key)).rejects.toMatchObject(closed);
    expect((await edit(agent, own)).body).toBe('edited');
  });

  test('a message keeps at most 50 former texts', async () => {
    const key = await open();
    for (let n = 1; n <= 50; n++) await edit(customer, key, `${n}`);
    const tooMany = { status: 409, code: 'TOO_MANY_VERSIONS' };
    await expect(edit(customer, key)).rejects.toMatchObject(tooMany);
    const { items, nextCursor } = await listMessageVersions(agent, { ...key, limit: 40 });
    expect(items.map(({ version }) => version)).toEqual(
      Array.from({ length: 40 }, (_, n) => 50 - n),
    );
    const rest = await listMessageVersions(agent, { ...key, cursor: nextCursor ?? '' });
    expect(rest.items.at(-1)).toMatchObject({ version: 1, body: 'It is broken' });
    await deleteMessage(customer, key);
  });

  test('the conversation shows its last reply as it is now, under a new version', async () => {
    const key = await open();
    await setLastMessage(key);
    const before = await excerptOf(key.id);
    await reply(key.id, agent, 'note').then((note) => edit(agent, note));
    expect(await excerptOf(key.id)).toEqual(before as NonNullable<typeof before>);
    await edit(customer, key, 'x'.repeat(300));
    const version = (before?.version ?? 0) + 1;
    expect(await excerptOf(key.id)).toEqual({ excerpt: 'x'.repeat(200), version });
    await deleteMessage(customer, key);
    expect(await excerptOf(key.id)).toEqual({ excerpt: '', version: version + 1 });
  });

  test('a repeated clientMessageId returns the message as it is now', async () => {
    const { id } = await open();
    const draft = { id, body: 'first', clientMessageId: 'c' };
    const { message } = await sendMessage(customer, draft);
    await edit(customer, { id, messageId: message.id }, 'second');
    const repeated = await sendMessage(customer, draft);
    expect(repeated).toMatchObject({ isNew: false, message: { id: message.id, body: 'second' } });
  });
});

describe('deleteMessage', () => {
  const attach = async (by: Context) => {
    const { id } = await open();
    const file = await uploadAttachment(by, {
      name: 'notes.txt',
      contentType: 'text/plain',
      body: new Blob(['hello']).stream(),
    });
    const { message } = await sendMessage(by, { id, body: 'See', attachmentIds: [file.id] });
    return { key: { id, messageId: message.id }, fileId: file.id };
  };

  test('the message stays in its place without text and files, for everyone', async () => {
    const { key, fileId } = await attach(customer);
    const count = (await getConversation(agent, { id: key.id })).messageCount;
    await deleteMessage(customer, key);
    await deleteMessage(customer, key);
    const deleted = await getMessage(customer, key);
    expect(deleted).toMatchObject({ body: '', attachments: [], version: 2 });
    expect(deleted.deletedAt).toBeString();
    for (const by of [customer, agent]) {
      const [listed] = (await listMessages(by, { id: key.id })).items;
      expect(listed).toEqual({ ...deleted, truncated: false });
      await expect(getAttachment(by, { id: fileId })).rejects.toMatchObject({ status: 404 });
    }
    expect((await getConversation(agent, { id: key.id })).messageCount).toBe(count);
    expect(await versionsOf(key)).toEqual(['1 See']);
    const [event, ...others] = await recorded('message.deleted', key.id);
    expect(others).toEqual([]);
    const { author, ...stored } = deleted;
    expect(event?.payload).toMatchObject({ message: stored, author, customerId: author.id });
    expect(event?.origin).toMatchObject({ actor: { userId: userIdOf(customer) } });
    expect(await recorded('attachment.deleted', fileId as never)).toHaveLength(1);
    const refused = edit(customer, key);
    await expect(refused).rejects.toMatchObject({ status: 409, code: 'MESSAGE_DELETED' });
  });

  test('staff deletes any message, a customer only its own', async () => {
    const key = await open();
    const own = await reply(key.id);
    await expect(deleteMessage(customer, own)).rejects.toMatchObject({ status: 403 });
    for (const by of [otherCustomer, otherTenant]) {
      await expect(deleteMessage(by, own)).rejects.toMatchObject({ status: 404 });
    }
    await deleteMessage(agent, key);
    const [version] = (await listMessageVersions(agent, key)).items;
    expect(version).toMatchObject({ body: 'It is broken', changedBy: userIdOf(agent) });
  });

  test('managers delete the former texts for good, which is audited without them', async () => {
    const key = await open();
    await edit(customer, key, 'card 4111');
    await edit(customer, key, 'never mind');
    const purge = (by: Context) => deleteMessageVersions(by, key);
    for (const by of [agent, customer]) {
      await expect(purge(by)).rejects.toMatchObject({ status: 403 });
    }
    await expect(purge(otherTenant)).rejects.toMatchObject({ status: 404 });
    await purge(owner);
    await purge(owner);
    expect(await versionsOf(key)).toEqual([]);
    expect((await getMessage(agent, key)).body).toBe('never mind');
    const events = await recorded('message.history-deleted', key.id);
    expect(events.map(({ payload }) => payload)).toEqual([
      { messageId: key.messageId, conversationId: key.id, versions: 2 },
    ]);
  });
});
