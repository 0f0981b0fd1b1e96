import { expect, test } from 'bun:test';
import { idSchema } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { viewOf } from './audience.ts';
import { defineEvent, type EventDefinition } from './define-event.ts';
import { publicationsOf } from './publications.ts';

const tenantId = newId('org');
const [conversationId, customerId, userId] = [newId('cnv'), newId('usr'), newId('usr')];
const organization = `private-organization-${tenantId}`;
const notes = `private-conversation-${conversationId}-staff`;

const payload = z.object({ secret: z.string(), shown: z.string(), userId: idSchema('usr') });
const value = { secret: 'a', shown: 'b', userId };
const shown = z.object({ shown: z.string() });

const published = ({ audience, name }: EventDefinition) =>
  publicationsOf(audience, { name, tenantId, payload: value }).map(({ channel, data }) => [
    channel,
    data,
  ]);

test('an event without an audience is not published', () => {
  expect(published(defineEvent('thing.happened', payload))).toEqual([]);
});

test('staff, customer, recipient and extra channel each get their own view', () => {
  const event = defineEvent('thing.happened', payload, {
    conversation: () => ({ conversationId, customerId }),
    staff: 'payload',
    customer: viewOf(shown, (all) => ({ shown: all.shown })),
    recipient: { userId: (all) => all.userId, view: viewOf(z.object({}), () => ({})) },
    extraChannel: { channel: (all) => `private-board-${all.userId}`, view: 'payload' },
  });
  expect(published(event)).toEqual([
    [organization, value],
    [`private-conversation-${conversationId}`, { shown: 'b' }],
    [`private-user-${customerId}`, { shown: 'b' }],
    [`private-user-${userId}`, {}],
    [`private-board-${userId}`, value],
  ]);
});

test.each([
  ['without a view for customers', { conversation: () => ({ conversationId, customerId }) }],
  [
    'without a customer',
    { conversation: () => ({ conversationId, customerId: null }), customer: 'payload' as const },
  ],
])('only staff receives an event %s', (_, audience) => {
  const event = defineEvent('thing.happened', payload, { staff: 'payload', ...audience });
  expect(published(event)).toEqual([
    [organization, value],
    [notes, value],
  ]);
});

test('an event without its conversation is published to the recipient only', () => {
  const event = defineEvent('thing.happened', payload, {
    conversation: () => undefined,
    staff: 'payload',
    customer: 'payload',
    recipient: { userId: (all) => all.userId, view: 'payload' },
    extraChannel: { channel: () => undefined, view: 'payload' },
  });
  expect(published(event)).toEqual([[`private-user-${userId}`, value]]);
});

test('defineEvent: an inconsistent audience is rejected', () => {
  const invalid = (audience: Parameters<typeof defineEvent>[2]) => () =>
    defineEvent('thing.happened', payload, audience);
  expect(invalid({ webhooks: true })).toThrow('webhooks requires');
  expect(invalid({ customer: 'payload' })).toThrow('customer requires');
  const misspelled = { staff: 'payload', customers: 'payload' } as const;
  expect(() => defineEvent('thing.happened', payload, misspelled)).toThrow('customers');
});

test('viewOf: the types of schema and payload are checked', () => {
  const staff = viewOf(shown, (all: z.output<typeof payload>) => ({ shown: all.shown }));
  // @ts-expect-error it is a string
  viewOf(shown, () => ({ shown: 7 }));
  // @ts-expect-error the payload has no such field
  defineEvent('thing.happened', payload, { staff: viewOf(shown, (all) => ({ shown: all.other })) });
  defineEvent('thing.happened', payload, {
    // @ts-expect-error a recipient is a user id
    recipient: { userId: (all) => all.secret, view: 'payload' },
  });
  expect(published(defineEvent('thing.happened', payload, { staff }))).toEqual([
    [organization, { shown: 'b' }],
  ]);
});
