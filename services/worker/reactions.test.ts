import { expect, test } from 'bun:test';
import {
  events,
  features,
  type SystemEvent,
  type SystemJob,
} from '@insightdesk/shared/domain/catalog';
import type { Reactions } from '@insightdesk/shared/events';
import { defineJob, type JobDefinition, type JobRequest } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { reactions } from './reactions.ts';
import {
  at,
  attachmentProcessed,
  conversationUpdated,
  ids,
  messageCreated,
  recordedEvent,
  snoozed,
} from './testing/event-payloads.ts';

const attachmentId = newId('att');
const exportId = newId('exp');
const webhookId = newId('whk');
const userId = ids.customer;
const invitation = {
  invitationId: newId('inv'),
  email: 'a@example.com',
  role: 'agent',
  organizationName: 'O',
  inviterName: 'I',
};
const passwordChanged = { userId, before: at, notifyEmail: 'a@example.com' };
const emailChanged = { userId, email: 'b@example.com', previousEmail: 'a@example.com' };

/** Every event with a reaction, and the jobs that it triggers. */
const table: [name: string, when: string, payload: object, jobs: string[]][] = [
  ['organization.export-requested', 'always', { exportId }, ['tenant-export.write-archive']],
  [
    'organization.exported',
    'always',
    { exportId, sizeBytes: 1, expiresAt: at },
    ['tenant-export.delete-archive'],
  ],
  ['invitation.created', 'always', invitation, ['notifications.email-invitation']],
  [
    'account.link-requested',
    'always',
    { linkId: newId('lnk'), isMuted: false },
    ['notifications.email-account-link'],
  ],
  [
    'account.password-changed',
    'with a verified address',
    passwordChanged,
    ['users.revoke-older-sessions', 'notifications.email-account-notice'],
  ],
  [
    'account.password-changed',
    'without a verified address',
    { ...passwordChanged, notifyEmail: null },
    ['users.revoke-older-sessions'],
  ],
  [
    'account.email-changed',
    'with a previous address',
    emailChanged,
    ['notifications.email-account-notice'],
  ],
  [
    'account.two-factor-reset',
    'with a verified address',
    { userId, notifyEmail: 'ada@example.com' },
    ['notifications.email-account-notice'],
  ],
  ['account.two-factor-reset', 'without one', { userId, notifyEmail: null }, []],
  ['account.email-changed', 'without one', { ...emailChanged, previousEmail: null }, []],
  ['member.updated', 'to agent', { userId, role: 'agent' }, []],
  ['member.updated', 'to customer', { userId, role: 'customer' }, ['conversations.unassign']],
  [
    'member.updated',
    'to a custom role',
    { userId, role: 'agent', roleId: newId('rol') },
    ['conversations.unassign'],
  ],
  ['member.removed', 'always', { userId }, ['conversations.unassign']],
  [
    'api-key.rotated',
    'always',
    { keyId: newId('key'), userId, overlapUntil: at },
    ['api-keys.end-overlap'],
  ],
  [
    'attachment.uploaded',
    'with an image',
    { attachmentId, contentType: 'image/png' },
    ['attachments.process'],
  ],
  [
    'attachment.uploaded',
    'with audio',
    { attachmentId, contentType: 'audio/mpeg' },
    ['attachments.process', 'media.process'],
  ],
  ['attachment.deleted', 'always', { attachmentId }, ['attachments.delete-files']],
  ['attachment.ready', 'with an image', attachmentProcessed('reply'), []],
  [
    'attachment.ready',
    'with a video',
    attachmentProcessed('reply', 'video/mp4'),
    ['media.process'],
  ],
  ['attachment.rejected', 'always', attachmentProcessed('note'), ['attachments.delete-files']],
  ['recording.requested', 'always', { attachmentId }, ['media.process']],
  [
    'sign-in-code.requested',
    'always',
    { codeId: newId('sic') },
    ['notifications.email-sign-in-code'],
  ],
  ['member.joined', 'as an agent', { userId: ids.agent, name: 'A', role: 'agent' }, []],
  [
    'member.joined',
    'as a customer',
    { userId: ids.customer, name: 'C', role: 'customer' },
    ['contact-merge.same-address'],
  ],
  [
    'contact.merged',
    'always',
    {
      sourceId: ids.agent,
      targetId: ids.customer,
      reason: 'manual',
      conversationCount: 1,
    },
    ['contact-merge.move-conversations'],
  ],
  ['conversation.updated', 'when open', conversationUpdated(), []],
  [
    'conversation.updated',
    'when snoozed',
    conversationUpdated(snoozed),
    ['conversations.unsnooze'],
  ],
  ['message.created', 'with a reply', messageCreated('reply'), ['notifications.message']],
  ['message.created', 'with a note', messageCreated('note'), []],
  [
    'email/send.requested',
    'always',
    { to: ids.agent, subject: 'S', body: 'B' },
    ['notifications.email-on-request'],
  ],
  ['webhook.disabled', 'always', { webhookId, reason: 'gone' }, ['webhooks.notify-owners']],
  ['webhook.replay-requested', 'always', { webhookId, since: at, until: at }, ['webhooks.replay']],
  [
    'webhook.delivery-replay-requested',
    'always',
    { webhookId, orderingKey: ids.conversation },
    ['webhooks.deliver'],
  ],
];

const reactTo = (name: string, payload: object): JobRequest[] => {
  const react = reactions[name as keyof typeof reactions] as (event: unknown) => JobRequest[];
  return react(recordedEvent(name, payload));
};

test.each(table)('%s, %s, triggers its jobs', (name, _, payload, jobs) => {
  expect(events[name]?.payload.parse(payload)).toEqual(payload);
  expect(reactTo(name, payload).map(({ job }) => job.name)).toEqual(jobs);
});

test('every job is enqueued by the events that it names, and by no others', () => {
  const jobs = Object.values(features).flatMap((feature): JobDefinition[] =>
    Object.values(feature.jobs),
  );
  const declared = jobs.flatMap(({ name, triggeredBy }) =>
    triggeredBy.filter((trigger) => trigger in events).map((event) => `${event}: ${name}`),
  );
  const enqueued = table.flatMap(([event, , , names]) => names.map((name) => `${event}: ${name}`));
  expect([...new Set(enqueued)].toSorted()).toEqual(declared.toSorted());
});

test('a missing reaction and an unknown trigger do not compile', () => {
  const { 'message.created': missing, ...others } = reactions;
  // @ts-expect-error message.created triggers notifications.message
  others satisfies Reactions<SystemEvent, SystemJob, JobRequest>;
  expect(missing).toBeFunction();
  const misspelled = defineJob({
    name: 'test.work',
    queue: 'maintenance',
    payload: z.object({}),
    triggeredBy: ['member.leeft'],
  });
  // @ts-expect-error no event has this name
  ({ 'member.leeft': () => [] }) satisfies Reactions<SystemEvent, typeof misspelled, JobRequest>;
});
