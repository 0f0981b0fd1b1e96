import { expect, test } from 'bun:test';
import type { Channels } from '@insightdesk/shared/contract';
import { events } from '@insightdesk/shared/domain/catalog';
import { type RecordedEvent, viewsByChannel } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { outgoing } from './dispatch.ts';
import { effectsOf, reactions } from './reactions.ts';

const tenantId = newId('org');
const conversationId = newId('cnv');
const [agent, customer, another, uploader] = [
  newId('usr'),
  newId('usr'),
  newId('usr'),
  newId('usr'),
];
const at = '2026-01-31T08:00:00.000Z';

const organization = `private-organization-${tenantId}`;
const conversation = `private-conversation-${conversationId}`;
const notes = `private-conversation-${conversationId}-staff`;
const own = (id: string) => `private-user-${id}`;

/** The channels that each of them may subscribe to. */
const mayHear = {
  staff: [organization, conversation, notes, own(agent)],
  customer: [conversation, own(customer)],
  another: [`private-conversation-${newId('cnv')}`, own(another)],
  uploader: [own(uploader)],
};

const seenByStaff = {
  id: conversationId,
  number: 7,
  subject: 'S',
  status: 'open',
  priority: 'normal',
  assigneeId: agent,
  customerId: customer,
  tags: ['vip'],
  snoozedUntil: null,
  messageCount: 5,
  lastMessageAt: at,
  createdAt: at,
  version: 3,
};
const seenByCustomer = { ...seenByStaff, messageCount: 2, tags: [] };
const attachment = {
  id: newId('att'),
  name: 'a.png',
  contentType: 'image/png',
  sizeBytes: 3,
  status: 'ready',
  variants: [],
};
const message = (kind: 'reply' | 'note') => ({
  id: newId('msg'),
  conversationId,
  authorId: agent,
  kind,
  body: 'Hello',
  attachments: [attachment],
  clientMessageId: null,
  createdAt: at,
});
const reply = message('reply');
const note = message('note');
const flag = { name: 'email-staff', value: false, previous: true };
const exportId = newId('exp');
const invitation = {
  invitationId: newId('inv'),
  email: 'a@example.com',
  role: 'agent',
  organizationName: 'O',
  inviterName: 'I',
};
const link = { linkId: newId('lnk'), isMuted: false };
const ended = { userId: customer, before: at };
const changedPassword = { ...ended, tell: 'a@example.com' };
const moved = { userId: customer, email: 'b@example.com', formerly: 'a@example.com' };
const joined = { userId: customer, name: 'Ann', role: 'customer' };
const updated = { userId: customer, role: 'agent' };
const removed = { userId: customer };
const filePolicy = { maxFileBytes: null, allowedTypes: ['image/*'], refusedTypes: [] };
const custom = { roleId: newId('rol'), name: 'Night shift' };
const apiKey = { keyId: newId('key'), userId: customer };
const rotated = { ...apiKey, overlapUntil: at };
const revoked = { sessionId: newId('ses'), userId: customer };
const inNameOf = { ...revoked, operator: 'Otto', reason: 'Ticket 7 asks for it', until: at };
const disabled = { webhookId: newId('whk'), reason: 'gone' };
const replayed = { webhookId: disabled.webhookId, since: at, until: at };
const redelivered = { webhookId: disabled.webhookId, lane: conversationId };

/** An attachment that `uploader` has brought, in a conversation or not, whose customer may see it. */
const processed = (place: string | null, customerId: string | null) => ({
  conversationId: place,
  customerId,
  uploadedBy: uploader,
  attachment,
});
const placed = { ...attachment, conversationId };

const recording = {
  attachmentId: attachment.id,
  status: 'ready',
  reason: null,
  durationMs: 4000,
  video: { codec: 'h264', width: 640, height: 360, framesPerSecond: 25 },
  audio: null,
};
const worked = (place: string | null, customerId: string | null) => ({
  ...processed(place, customerId),
  recording,
});
const shown = { ...recording, attachment, conversationId };

type Role = keyof typeof mayHear;
type Heard = Partial<Record<Role, Record<string, unknown>>> & { webhook?: unknown };

const nobody: Heard = {};
const staff = (data: unknown): Heard => ({ staff: { [organization]: data }, webhook: data });
const person = (data: unknown): Heard => ({ customer: { [own(customer)]: data } });
const everyoneIn = (data: unknown, seen: unknown): Heard => ({
  staff: { [organization]: data, [conversation]: seen },
  customer: { [conversation]: seen, [own(customer)]: seen },
  webhook: data,
});
const internal = (data: unknown): Heard => ({
  staff: { [organization]: data, [notes]: data },
  webhook: data,
});

const always: [name: string, payload: object, heard: Heard][] = [
  ['organization.created', { name: 'O', ownerId: agent }, nobody],
  ['audit.pruned', { through: 1, link: 'x', entries: 1, before: at }, nobody],
  ['job.cancel-asked', { jobId: 'j' }, nobody],
  ['job.retry-asked', { jobId: 'j' }, nobody],
  ['operator.acted', { act: 'queues pause', target: null, by: null }, nobody],
  ['organization.disabled', {}, staff({})],
  ['organization.enabled', {}, staff({})],
  ['organization.updated', { requireTwoFactor: true }, staff({ requireTwoFactor: true })],
  ['organization.export-requested', { exportId }, nobody],
  ['organization.exported', { exportId, sizeBytes: 1, expiresAt: at }, nobody],
  ['organization.export-downloaded', { exportId }, nobody],
  [
    'organization.erasure-requested',
    { eraseAt: at },
    { staff: { [organization]: { eraseAt: at } } },
  ],
  ['organization.erasure-cancelled', {}, { staff: { [organization]: {} } }],
  ['flag.changed', flag, { staff: { [organization]: flag } }],
  ['invitation.created', invitation, nobody],
  ['role.created', custom, { staff: { [organization]: custom } }],
  ['role.updated', custom, { staff: { [organization]: custom } }],
  ['role.removed', custom, { staff: { [organization]: custom } }],
  ['api-key.created', { ...apiKey, name: 'CRM', createdBy: agent }, nobody],
  ['api-key.rotated', rotated, person(rotated)],
  ['api-key.overlap-ended', apiKey, person(apiKey)],
  ['api-key.revoked', apiKey, person(apiKey)],
  ['account.link-requested', link, nobody],
  ['member.joined', joined, staff(joined)],
  ['member.updated', updated, { ...staff(updated), ...person(updated) }],
  ['member.removed', removed, { ...staff(removed), ...person(removed) }],
  ['session.opened', revoked, nobody],
  ['sign-in.failed', removed, nobody],
  ['impersonation.started', inNameOf, { staff: { [organization]: inNameOf } }],
  ['impersonation.ended', revoked, { staff: { [organization]: revoked } }],
  ['session.revoked', revoked, person(revoked)],
  ['attachment.uploaded', { attachmentId: attachment.id, contentType: 'image/png' }, nobody],
  ['attachment.discarded', { attachmentId: attachment.id }, nobody],
  ['file-policy.changed', filePolicy, { staff: { [organization]: filePolicy } }],
  ['recording.requested', { attachmentId: attachment.id }, nobody],
  ['email/send.requested', { to: agent, subject: 'S', body: 'B' }, nobody],
  ['webhook.added', { webhookId: disabled.webhookId, url: 'https://a.example' }, nobody],
  ['webhook.changed', { webhookId: disabled.webhookId, enabled: false }, nobody],
  ['webhook.removed', { webhookId: disabled.webhookId }, nobody],
  ['webhook.secret-replaced', { webhookId: disabled.webhookId }, nobody],
  ['webhook.disabled', disabled, staff(disabled)],
  ['webhook.replay-requested', replayed, nobody],
  ['webhook.delivery-replay-requested', redelivered, nobody],
];

const opened = { conversation: seenByStaff, replyCount: 2 };
const changed = { ...opened, previousAssigneeId: another };
const until = { status: 'snoozed', snoozedUntil: '2999-01-01T08:00:00.000Z' };
const snoozed = { ...changed, conversation: { ...seenByStaff, ...until } };
const awayTill = everyoneIn({ ...seenByStaff, ...until }, { ...seenByCustomer, ...until });
const counted = everyoneIn(seenByStaff, seenByCustomer);
const sent = { customerId: customer, assigneeId: agent };
const early: Heard = { uploader: { [own(uploader)]: { ...attachment, conversationId: null } } };
const alone: Heard = { uploader: { [own(uploader)]: { ...shown, conversationId: null } } };
const film = { ...processed(null, null), attachment: { ...attachment, contentType: 'video/mp4' } };
const inReply = processed(conversationId, customer);
const inNote = processed(conversationId, null);

const narrowed = { userId: customer, role: 'agent', roleId: newId('rol') };
const demoted = { userId: customer, role: 'customer' };

const byCase: [name: string, when: string, payload: object, heard: Heard][] = [
  ['member.updated', 'to a custom role', narrowed, { ...staff(narrowed), ...person(narrowed) }],
  ['member.updated', 'to a customer', demoted, { ...staff(demoted), ...person(demoted) }],
  ['account.password-changed', 'of a verified address', changedPassword, nobody],
  ['account.password-changed', 'of an unverified address', { ...ended, tell: null }, nobody],
  ['account.email-changed', 'verified for the first time', { ...moved, formerly: null }, nobody],
  ['account.email-changed', 'replaced', moved, nobody],
  ['conversation.created', 'the customer counts replies', opened, counted],
  ['conversation.updated', 'the customer counts replies', changed, counted],
  ['conversation.updated', 'snoozed', snoozed, awayTill],
  ['message.created', 'a reply', { message: reply, ...sent }, everyoneIn(reply, reply)],
  ['message.created', 'a note', { message: note, ...sent }, internal(note)],
  ['attachment.ready', 'in no message yet', processed(null, null), early],
  [
    'attachment.ready',
    'a film',
    film,
    { uploader: { [own(uploader)]: { ...film.attachment, conversationId: null } } },
  ],
  ['attachment.ready', 'in a reply', inReply, everyoneIn(placed, placed)],
  ['attachment.ready', 'in a note', inNote, internal(placed)],
  ['attachment.rejected', 'in no message yet', processed(null, null), early],
  ['attachment.rejected', 'in a reply', inReply, everyoneIn(placed, placed)],
  ['attachment.rejected', 'in a note', inNote, internal(placed)],
  [
    'attachment.uploaded',
    'a sound',
    { attachmentId: attachment.id, contentType: 'audio/mpeg' },
    nobody,
  ],
  ...['recording.prepared', 'recording.failed'].flatMap((name): typeof byCase => [
    [name, 'in no message yet', worked(null, null), alone],
    [name, 'in a reply', worked(conversationId, customer), everyoneIn(shown, shown)],
    [name, 'in a note', worked(conversationId, null), internal(shown)],
  ]),
];

/** The jobs that follow; of all others there are none. */
const jobs: Record<string, string[]> = {
  'invitation.created, always': ['notifications.email-invitation'],
  'member.removed, always': ['conversations.unassign'],
  'member.updated, to a custom role': ['conversations.unassign'],
  'member.updated, to a customer': ['conversations.unassign'],
  'api-key.rotated, always': ['api-keys.end-overlap'],
  'account.link-requested, always': ['notifications.email-account-link'],
  'account.password-changed, of a verified address': [
    'users.end-sessions',
    'notifications.email-account-notice',
  ],
  'account.password-changed, of an unverified address': ['users.end-sessions'],
  'account.email-changed, replaced': ['notifications.email-account-notice'],
  'organization.export-requested, always': ['departures.write-archive'],
  'organization.exported, always': ['departures.remove-archive'],
  'attachment.uploaded, always': ['attachments.process'],
  'attachment.discarded, always': ['attachments.delete-discarded'],
  'attachment.rejected, in no message yet': ['attachments.delete-discarded'],
  'attachment.rejected, in a reply': ['attachments.delete-discarded'],
  'attachment.rejected, in a note': ['attachments.delete-discarded'],
  'attachment.uploaded, a sound': ['attachments.process', 'recordings.prepare'],
  'attachment.ready, a film': ['recordings.prepare'],
  'recording.requested, always': ['recordings.prepare'],
  'conversation.updated, snoozed': ['conversations.wake'],
  'message.created, a reply': ['notifications.message'],
  'email/send.requested, always': ['notifications.email-on-request'],
  'webhook.disabled, always': ['webhooks.email-disabled'],
  'webhook.replay-requested, always': ['webhooks.replay'],
  'webhook.delivery-replay-requested, always': ['webhooks.deliver'],
};

const table: typeof byCase = [
  ...always.map(([name, ...rest]): (typeof byCase)[number] => [name, 'always', ...rest]),
  ...byCase,
];

const eventOf = (name: string, payload: unknown): RecordedEvent => ({
  id: newId('evt'),
  position: 1,
  tenantId,
  requestId: 'r',
  name,
  version: 1,
  payload,
  at,
});

const audienceOf = (name: string) => events[name]?.audience ?? {};

/** Which of the documented channels a channel is. */
function kindOf(channel: string): keyof typeof Channels {
  if (channel === organization) return 'organization';
  if (channel === conversation) return 'conversation';
  return channel === notes ? 'conversationStaff' : 'userPrivate';
}

test.each(table)('%s, %s: who hears what, and what follows', (name, when, payload, heard) => {
  const event = eventOf(name, payload);
  const consequences = effectsOf(event);
  if (!consequences) throw new Error(`${name} is unknown`);
  const { publish, enqueue } = consequences;
  const channels = publish.map(({ channel }) => channel);
  expect(new Set(channels).size).toBe(channels.length);
  expect(publish.map(({ type }) => type)).toEqual(channels.map(() => name));
  for (const [role, reachable] of Object.entries(mayHear)) {
    const told = publish.filter(({ channel }) => reachable.includes(channel));
    const byChannel = Object.fromEntries(told.map(({ channel, data }) => [channel, data]));
    expect({ [role]: byChannel }).toEqual({ [role]: heard[role as Role] ?? {} });
  }
  for (const { channel, data } of publish) {
    const views = viewsByChannel(audienceOf(name))[kindOf(channel)] ?? [];
    expect(views.map(({ schema }) => schema.parse(data))).toContainEqual(data);
  }
  const reachable = new Set(Object.values(mayHear).flat());
  expect(channels.filter((channel) => !reachable.has(channel))).toEqual([]);
  const outside = outgoing({ event, ...consequences });
  expect(outside.map(({ data }) => data)).toEqual('webhook' in heard ? [heard.webhook] : []);
  expect(enqueue.map(({ job }) => job.name)).toEqual(jobs[`${name}, ${when}`] ?? []);
});

test('the table speaks of every event that can be recorded, as it is recorded', () => {
  const names = new Set(table.map(([name]) => name));
  expect([...names].toSorted()).toEqual(Object.keys(events).toSorted());
  for (const [name, , payload] of table)
    expect(events[name]?.payload.parse(payload)).toEqual(payload);
});

test('an event whose jobs nobody thought of does not compile', () => {
  const { 'message.created': forgotten, ...others } = reactions;
  // @ts-expect-error one is missing
  others satisfies typeof reactions;
  expect(forgotten).toBeFunction();
});
