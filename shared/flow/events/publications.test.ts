import { expect, test } from 'bun:test';
import { idSchema } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { sees } from './audience.ts';
import { defineEvent, type EventDefinition } from './define-event.ts';
import { publicationsOf } from './publications.ts';

const tenantId = newId('org');
const [conversationId, customerId, userId] = [newId('cnv'), newId('usr'), newId('usr')];
const organization = `private-organization-${tenantId}`;
const notes = `private-conversation-${conversationId}-staff`;

const payload = z.object({ secret: z.string(), shown: z.string(), userId: idSchema('usr') });
const said = { secret: 'a', shown: 'b', userId };
const shown = z.object({ shown: z.string() });

const told = ({ audience, name }: EventDefinition) =>
  publicationsOf(audience, { name, tenantId, payload: said }).map(({ channel, data }) => [
    channel,
    data,
  ]);

test('nobody hears of what does not say who does', () => {
  expect(told(defineEvent('thing.happened', payload))).toEqual([]);
});

test('each sees its own view', () => {
  const event = defineEvent('thing.happened', payload, {
    around: () => ({ conversationId, customerId }),
    staff: 'payload',
    customer: sees(shown, (all) => ({ shown: all.shown })),
    person: { who: (all) => all.userId, sees: sees(z.object({}), () => ({})) },
    also: { channel: (all) => `private-board-${all.userId}`, sees: 'payload' },
  });
  expect(told(event)).toEqual([
    [organization, said],
    [`private-conversation-${conversationId}`, { shown: 'b' }],
    [`private-user-${customerId}`, { shown: 'b' }],
    [`private-user-${userId}`, {}],
    [`private-board-${userId}`, said],
  ]);
});

test.each([
  ['without a view for customers', { around: () => ({ conversationId, customerId }) }],
  [
    'without a customer',
    { around: () => ({ conversationId, customerId: null }), customer: 'payload' as const },
  ],
])('staff keeps to itself what is %s', (_, audience) => {
  const event = defineEvent('thing.happened', payload, { staff: 'payload', ...audience });
  expect(told(event)).toEqual([
    [organization, said],
    [notes, said],
  ]);
});

test('what is in no conversation is for one person at most', () => {
  const event = defineEvent('thing.happened', payload, {
    around: () => undefined,
    staff: 'payload',
    customer: 'payload',
    person: { who: (all) => all.userId, sees: 'payload' },
    also: { channel: () => undefined, sees: 'payload' },
  });
  expect(told(event)).toEqual([[`private-user-${userId}`, said]]);
});

test('an audience that makes no sense is refused', () => {
  const wrong = (audience: Parameters<typeof defineEvent>[2]) => () =>
    defineEvent('thing.happened', payload, audience);
  expect(wrong({ webhooks: true })).toThrow('what staff sees');
  expect(wrong({ customer: 'payload' })).toThrow('one of a conversation');
});

test('a view shows what it says', () => {
  const staff = sees(shown, (all: z.output<typeof payload>) => ({ shown: all.shown }));
  // @ts-expect-error it is a string
  sees(shown, () => ({ shown: 7 }));
  // @ts-expect-error the payload has no such field
  defineEvent('thing.happened', payload, { staff: sees(shown, (all) => ({ shown: all.other })) });
  // @ts-expect-error a person has an id
  defineEvent('thing.happened', payload, { person: { who: (all) => all.secret, sees: 'payload' } });
  expect(told(defineEvent('thing.happened', payload, { staff }))).toEqual([
    [organization, { shown: 'b' }],
  ]);
});
