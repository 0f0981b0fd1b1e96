import { expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { events } from '@insightdesk/shared/domain/catalog';
import { viewsByChannel } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { toOutgoingEvent } from './dispatch.ts';
import { effectsOf } from './reactions.ts';
import {
  at,
  attachment,
  attachmentProcessed,
  conversation,
  conversationCreated,
  conversationUpdated,
  ids,
  messageCreated,
  messageDeleted,
  messageUpdated,
  people,
  type places,
  recordedEvent,
  recording,
  recordingProcessed,
  shownPeople,
  snoozed,
} from './testing/event-payloads.ts';

const everyone = Channels.organizationPublic(ids.tenant);
const channels = {
  organization: Channels.organization(ids.tenant),
  conversation: Channels.conversation(ids.conversation),
  notes: Channels.conversationStaff(ids.conversation),
};

/** The channels that each role may subscribe to. */
const subscriptions: Record<'staff' | 'customer' | 'otherCustomer' | 'uploader', string[]> = {
  staff: [...Object.values(channels), everyone, Channels.userPrivate(ids.agent)],
  customer: [channels.conversation, everyone, Channels.userPrivate(ids.customer)],
  otherCustomer: [
    Channels.conversation(newId('cnv')),
    everyone,
    Channels.userPrivate(ids.otherCustomer),
  ],
  uploader: [everyone, Channels.userPrivate(ids.uploader)],
};

type Role = keyof typeof subscriptions;
/** The data that each role receives, by channel, and the data that webhooks receive. */
type Received = Partial<Record<Role, Record<string, unknown>>> & { webhook?: unknown };

const byStaff = (data: unknown): Received => ({
  staff: { [channels.organization]: data },
  webhook: data,
});
const byUser = (data: unknown): Received => ({
  customer: { [Channels.userPrivate(ids.customer)]: data },
});
/** In a conversation, where the customer receives a view of its own. */
const byBoth = (data: unknown, forCustomer = data): Received => ({
  staff: { [channels.organization]: data, [channels.conversation]: forCustomer },
  customer: {
    [channels.conversation]: forCustomer,
    [Channels.userPrivate(ids.customer)]: forCustomer,
  },
  webhook: data,
});
/** In a note, which customers never receive. */
const byStaffOnly = (data: unknown): Received => ({
  staff: { [channels.organization]: data, [channels.notes]: data },
  webhook: data,
});
const byUploader = (data: unknown): Received => ({
  uploader: { [Channels.userPrivate(ids.uploader)]: data },
});

const byEveryone = (data: unknown): Received => ({
  staff: { [channels.organization]: data, [everyone]: data },
  customer: { [everyone]: data },
  otherCustomer: { [everyone]: data },
  uploader: { [everyone]: data },
});

const policy = { maxFileBytes: 1_000, allowedTypes: null, refusedTypes: [] };
const forStaff = { ...conversation, ...people };
const forCustomer = { ...shownPeople, messageCount: 2, tags: [] };
const placed = { ...attachment, conversationId: ids.conversation };
const shown = { ...recording, attachment, conversationId: ids.conversation };
const removed = { userId: ids.customer };
const renamed = { userId: ids.customer, name: 'Ada Lovelace' };
const updated = { userId: ids.customer, role: 'agent' };
const session = { sessionId: newId('ses'), userId: ids.customer };
const apiKey = { keyId: newId('key'), userId: ids.customer };
const rotated = { ...apiKey, overlapUntil: at };
const reply = messageCreated('reply');
const note = messageCreated('note');
const [editedReply, editedNote] = [messageUpdated('reply'), messageUpdated('note')];
const [deletedReply, deletedNote] = [messageDeleted('reply'), messageDeleted('note')];
const { author: _, staffNaming: __, ...unnamed } = reply;
const readByCustomer = {
  conversationId: ids.conversation,
  userId: ids.customer,
  unreadCount: 0,
};
type Written = { message: object; author: object };
const byBothWithAuthor = ({ message, author }: Written) =>
  byBoth({ ...message, author }, { ...message, author: shownPeople.assignee });
const byStaffWithAuthor = ({ message, author }: Written) => byStaffOnly({ ...message, author });

const inEachPlace = (
  name: string,
  payload: (place: keyof typeof places) => object,
  data: { conversationId: unknown },
): typeof table => [
  [
    name,
    'of an unclaimed attachment',
    payload('unclaimed'),
    byUploader({ ...data, conversationId: null }),
  ],
  [name, 'of a reply', payload('reply'), byBoth(data)],
  [name, 'of a note', payload('note'), byStaffOnly(data)],
];

/** Every event that somebody besides staff can receive. All others are for staff or internal. */
const table: [name: string, when: string, payload: object, received: Received][] = [
  [
    'conversation.created',
    'of a customer',
    conversationCreated,
    byBoth(forStaff, { ...conversation, ...forCustomer }),
  ],
  [
    'conversation.updated',
    'of a customer',
    conversationUpdated(snoozed),
    byBoth({ ...forStaff, ...snoozed }, { ...conversation, ...snoozed, ...forCustomer }),
  ],
  ['message.created', 'with a reply', reply, byBothWithAuthor(reply)],
  ['message.created', 'with a note', note, byStaffWithAuthor(note)],
  ['message.updated', 'of a reply', editedReply, byBothWithAuthor(editedReply)],
  ['message.updated', 'of a note', editedNote, byStaffWithAuthor(editedNote)],
  ['message.deleted', 'of a reply', deletedReply, byBothWithAuthor(deletedReply)],
  ['message.deleted', 'of a note', deletedNote, byStaffWithAuthor(deletedNote)],
  // Recorded by earlier releases.
  [
    'conversation.created',
    'without names',
    { conversation, replyCount: 2 },
    byBoth(conversation, { ...conversation, messageCount: 2, tags: [] }),
  ],
  [
    'message.created',
    'without a name',
    unnamed,
    byBoth({ ...reply.message, author: { id: ids.agent, name: '', role: 'agent' } }),
  ],
  ['conversation.read', 'of a user', readByCustomer, byUser(readByCustomer)],
];
table.push(
  ...inEachPlace('attachment.ready', attachmentProcessed, placed),
  ...inEachPlace('attachment.rejected', attachmentProcessed, placed),
  ...inEachPlace('recording.prepared', recordingProcessed, shown),
  ...inEachPlace('recording.failed', recordingProcessed, shown),
  ['member.updated', 'of a user', updated, { ...byStaff(updated), ...byUser(updated) }],
  ['member.renamed', 'of a user', renamed, { ...byStaff(renamed), ...byUser(renamed) }],
  ['member.removed', 'of a user', removed, { ...byStaff(removed), ...byUser(removed) }],
  ['file-policy.updated', 'of an organization', policy, byEveryone(policy)],
  ['session.revoked', 'of a user', session, byUser(session)],
  ['api-key.rotated', 'of a key', rotated, byUser(rotated)],
  ['api-key.overlap-ended', 'of a key', apiKey, byUser(apiKey)],
  ['api-key.revoked', 'of a key', apiKey, byUser(apiKey)],
);

/** The kind of a channel in the definition of an event. */
function kindOf(channel: string): keyof typeof Channels {
  if (channel === channels.organization) return 'organization';
  if (channel === everyone) return 'organizationPublic';
  if (channel === channels.conversation) return 'conversation';
  return channel === channels.notes ? 'conversationStaff' : 'userPrivate';
}

test.each(table)('%s %s reaches its audience only', (name, _, payload, received) => {
  const definition = events[name];
  if (!definition) throw new Error(`Unknown event ${name}`);
  expect(definition.payload.parse(payload)).toEqual(payload);
  const event = recordedEvent(name, payload);
  const effects = effectsOf(event);
  if (!effects) throw new Error(`No effects of ${name}`);
  const published = effects.publish.map(({ channel }) => channel);
  expect(new Set(published).size).toBe(published.length);
  for (const [role, reachable] of Object.entries(subscriptions)) {
    const own = effects.publish.filter(({ channel }) => reachable.includes(channel));
    const byChannel = Object.fromEntries(own.map(({ channel, data }) => [channel, data]));
    expect({ [role]: byChannel }).toEqual({ [role]: received[role as Role] ?? {} });
  }
  const reachable = new Set(Object.values(subscriptions).flat());
  expect(published.filter((channel) => !reachable.has(channel))).toEqual([]);
  for (const { channel, data } of effects.publish) {
    const views = viewsByChannel(definition.audience)[kindOf(channel)] ?? [];
    expect(views.map(({ schema }) => schema.parse(data))).toContainEqual(data);
  }
  const outgoing = toOutgoingEvent({ event, ...effects });
  expect(outgoing.map(({ data }) => data)).toEqual('webhook' in received ? [received.webhook] : []);
});

test('every event that reaches customers, a single user or an extra channel has a case', () => {
  const beyondStaff = Object.values(events).filter(
    ({ audience: { customer, recipient, extraChannel, everyone: all } }) =>
      customer || recipient || extraChannel || all,
  );
  const names = new Set(table.map(([name]) => name));
  expect([...names].toSorted()).toEqual(beyondStaff.map(({ name }) => name).toSorted());
});
