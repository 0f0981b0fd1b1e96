import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import type { KeyPermission } from '@insightdesk/shared/contract';
import { uploadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import {
  contacts,
  createContact,
  listContacts,
  updateContact,
} from '@insightdesk/shared/domain/desk/contacts';
import { createApiKey } from '@insightdesk/shared/domain/identity/api-keys';
import { removeMember } from '@insightdesk/shared/domain/identity/users';
import { updateOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { outbox } from '@insightdesk/shared/events';
import {
  authenticatedContext,
  createTestContext,
  createTestTenant,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { and, eq } from 'drizzle-orm';
import {
  conversations,
  createConversation,
  getConversation,
  listMessages,
  sendMessage,
  updateConversation,
  updateMessage,
} from './index.ts';

const { context, close } = createTestContext();
const { owner, member, tenantId } = await createTestTenant(context);
const [agent, customer] = [await member('agent'), await member('customer')];
const otherTenant = (await createTestTenant(context)).owner;
afterAll(close);

const writing: KeyPermission[] = [
  'conversations:read',
  'conversations:open',
  'conversations:reply',
  'contacts:read',
  'attachments:upload',
];
async function createKey(...permissions: KeyPermission[]): Promise<Context> {
  const { secret } = await createApiKey(owner, { name: 'Shop', permissions });
  return authenticatedContext(context, secret);
}
const [server, reader] = [await createKey(...writing, 'contacts:act'), await createKey(...writing)];
const keyUserId = server.actor.kind === 'apiKey' ? server.actor.userId : newId('usr');

const draft = { subject: 'A lamp', body: 'It is broken' };
const upload = (by: Context) =>
  uploadAttachment(by, {
    name: 'notes.txt',
    contentType: 'text/plain',
    body: new Blob(['hello']).stream(),
  });
const newContact = (name = 'Ann') => createContact(agent, { name, externalId: newId('usr') });

const recorded = (name: string) =>
  owner.database.read({ tenantId }, (tx) =>
    tx
      .select({ payload: outbox.payload, origin: outbox.origin })
      .from(outbox)
      .where(and(eq(outbox.tenantId, tenantId), eq(outbox.name, name)))
      .orderBy(outbox.position)
      .execute(),
  );

describe('createConversation for a contact', () => {
  test('an API key writes as the contact, which is audited', async () => {
    const contact = { externalId: 'user-1', email: 'ann@example.com', name: 'Ann' };
    const created = await createConversation(server, { ...draft, contact });
    const { items } = await listContacts(agent, { q: 'user-1' });
    expect(items.map(({ id }) => id)).toEqual([created.customerId]);
    const [message] = (await listMessages(agent, { id: created.id })).items;
    expect(message?.authorId).toBe(created.customerId);
    const entry = (await recorded('contact.acted-for')).at(-1);
    expect(entry?.payload).toEqual({
      contactId: created.customerId,
      conversationId: created.id,
      action: 'conversation.opened',
    });
    const actor = { userId: keyUserId, grant: { via: 'key' } };
    expect(entry?.origin).toMatchObject({ actor });
    const again = await createConversation(server, { ...draft, contact });
    expect(again.customerId).toBe(created.customerId);
  });

  test('an agent writes as itself to the contact', async () => {
    const { id: contactId } = await newContact();
    const count = (await recorded('contact.acted-for')).length;
    const { id, customerId } = await createConversation(agent, { ...draft, contactId });
    expect(customerId).toBe(contactId);
    expect((await listMessages(agent, { id })).items[0]?.authorId).toBe(userIdOf(agent));
    const created = (await recorded('message.created')).at(-1)?.payload;
    expect(created).toMatchObject({
      customerId: contactId,
      message: { authorId: userIdOf(agent) },
    });
    expect(await recorded('contact.acted-for')).toHaveLength(count);
  });

  test('customers and keys without the permission get 403, and nothing is stored', async () => {
    const contact = { externalId: 'never', name: 'Nobody' };
    for (const by of [customer, reader]) {
      const refused = createConversation(by, { ...draft, contact });
      await expect(refused).rejects.toMatchObject({ status: 403 });
    }
    expect((await listContacts(agent, { q: 'never' })).items).toEqual([]);
    const own = await createConversation(agent, draft);
    expect(own.customerId).toBe(userIdOf(agent));
  });

  test('unknown contacts, members of staff and contacts of others are 404, blocked ones 409', async () => {
    const foreign = await createContact(otherTenant, { name: 'Foreign' });
    for (const contactId of [newId('usr'), userIdOf(agent), foreign.id]) {
      const refused = createConversation(server, { ...draft, contactId });
      await expect(refused).rejects.toMatchObject({ status: 404 });
    }
    const { id } = await newContact();
    await updateContact(agent, { id, blocked: true });
    const blocked = createConversation(server, { ...draft, contactId: id });
    await expect(blocked).rejects.toMatchObject({ status: 409, code: 'CONTACT_BLOCKED' });
    const both = createConversation(server, {
      ...draft,
      contactId: id,
      contact: { email: 'a@b.co' },
    });
    await expect(both).rejects.toThrow('contactId');
  });

  test('concurrent conversations of an unknown contact have one customer', async () => {
    const contact = { email: 'race@example.com' };
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => createConversation(server, { ...draft, contact })),
    );
    expect(new Set(opened.map(({ customerId }) => customerId)).size).toBe(1);
  });
});

describe('sendMessage as a contact', () => {
  const open = async () => {
    const { id: contactId } = await newContact();
    const { id } = await createConversation(server, { ...draft, contactId });
    return { id, contactId };
  };

  test('the message is of the customer, reopens, and clientMessageId counts per author', async () => {
    const { id, contactId } = await open();
    await updateConversation(agent, { id, status: 'resolved' });
    const attachmentIds = [(await upload(server)).id];
    const input = { id, contactId, body: 'Again', clientMessageId: 'c-1', attachmentIds };
    const { message, isNew } = await sendMessage(server, input);
    expect({ isNew, message }).toMatchObject({ isNew: true, message: { authorId: contactId } });
    expect(message.attachments).toHaveLength(1);
    expect((await getConversation(agent, { id })).status).toBe('open');
    expect(await sendMessage(server, input)).toMatchObject({ isNew: false });
    const own = await sendMessage(server, { id, body: 'By the key', clientMessageId: 'c-1' });
    expect(own).toMatchObject({ isNew: true, message: { authorId: keyUserId } });
    const sent = (await recorded('contact.acted-for')).map(({ payload }) => payload);
    const entry = { contactId, conversationId: id, action: 'message.sent' };
    expect(sent.filter((payload) => Bun.deepEquals(payload, entry))).toHaveLength(1);
  });

  test('notes and contacts of other conversations are 422, users and other keys 403', async () => {
    const { id, contactId } = await open();
    const other = await open();
    const send = (by: Context, change: object) =>
      sendMessage(by, { id, contactId, body: 'x', ...change });
    await expect(send(server, { kind: 'note' })).rejects.toMatchObject({ status: 422 });
    await expect(send(server, { contactId: other.contactId })).rejects.toMatchObject({
      status: 422,
      errors: [{ path: 'contactId' }],
    });
    for (const by of [owner, agent, customer, reader]) {
      await expect(send(by, {})).rejects.toMatchObject({ status: 403 });
    }
    await updateContact(agent, { id: contactId, blocked: true });
    await expect(send(server, {})).rejects.toMatchObject({ code: 'CONTACT_BLOCKED' });
    expect((await getConversation(agent, { id })).messageCount).toBe(1);
  });
});

test('a contact that was merged is the customer that it was merged into', async () => {
  const { id: contactId } = await newContact();
  const { id } = await createConversation(server, { ...draft, contactId });
  const [{ id: messageId } = { id: newId('msg') }] = (await listMessages(agent, { id })).items;
  const customerId = userIdOf(customer);
  await owner.database.write({ tenantId }, async (tx) => {
    await tx.update(contacts).set({ mergedInto: customerId }).where(eq(contacts.userId, contactId));
    await tx.update(conversations).set({ customerId }).where(eq(conversations.id, id));
  });
  const { message } = await sendMessage(server, { id, contactId, body: 'Hello?' });
  expect(message.authorId).toBe(customerId);
  const edited = await updateMessage(customer, { id, messageId, body: 'It works' });
  expect(edited).toMatchObject({ authorId: contactId, body: 'It works' });
});

describe('allowReopening', () => {
  const closed = { status: 409, code: 'CONVERSATION_CLOSED' };
  const openAndClose = async () => {
    const { id } = await createConversation(customer, draft);
    const leaving = await member('agent');
    await updateConversation(agent, { id, assigneeId: userIdOf(leaving), status: 'closed' });
    return { id, leaving };
  };

  test('closed is final until the organization allows reopening', async () => {
    const { id } = await openAndClose();
    const send = (by: Context) => sendMessage(by, { id, body: 'still?' });
    const reopen = () => updateConversation(agent, { id, status: 'open' });
    await expect(send(customer)).rejects.toMatchObject(closed);
    await expect(reopen()).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    await updateOrganization(owner, { allowReopening: true });
    await expect(send(agent)).rejects.toMatchObject(closed);
    const pending = updateConversation(agent, { id, status: 'pending' });
    await expect(pending).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    expect((await reopen()).status).toBe('open');
    await updateConversation(agent, { id, status: 'closed' });
    await send(customer);
    expect((await getConversation(agent, { id })).status).toBe('open');
    await updateOrganization(owner, { allowReopening: false });
  });

  test('a reopened conversation is not assigned to a user who is no longer staff', async () => {
    await updateOrganization(owner, { allowReopening: true });
    const [one, two, three] = [await openAndClose(), await openAndClose(), await openAndClose()];
    for (const { leaving } of [one, two]) {
      await removeMember(owner, { userId: userIdOf(leaving) });
    }
    await sendMessage(customer, { id: one.id, body: 'Hello?' });
    await updateConversation(agent, { id: two.id, status: 'open' });
    await sendMessage(customer, { id: three.id, body: 'Hello?' });
    const assignees = [one, two, three].map(async ({ id }) => getConversation(agent, { id }));
    expect((await Promise.all(assignees)).map(({ assigneeId }) => assigneeId)).toEqual([
      null,
      null,
      userIdOf(three.leaving),
    ]);
    await updateOrganization(owner, { allowReopening: false });
  });
});
