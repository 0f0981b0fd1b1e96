import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { defineEvent, type RecordedEvent } from './define-event.ts';
import { NewerEventError, upcast } from './upcast.ts';

const moved = defineEvent('thing.moved', z.object({ place: z.object({ x: z.number() }) }), {
  version: 3,
  upcasts: {
    1: ({ at }) => ({ x: Number(at) }),
    2: ({ x }) => ({ place: { x } }),
  },
});
const event = (version: number, payload: unknown): RecordedEvent => ({
  id: newId('evt'),
  position: 1,
  tenantId: newId('org'),
  requestId: 'r',
  name: 'thing.moved',
  version,
  payload,
  at: new Date().toISOString(),
});

test.each([
  [1, { at: '7' }],
  [2, { x: 7 }],
  [3, { place: { x: 7 } }],
])('a payload of version %d', (version, payload) => {
  const { payload: present, version: to } = upcast(moved, event(version, payload));
  expect({ present, to }).toEqual({ present: { place: { x: 7 } }, to: 3 });
});

test('what does not become the present shape is refused', () => {
  expect(() => upcast(moved, event(2, { y: 7 }))).toThrow(z.ZodError);
});

test('a later version is another matter', () => {
  expect(() => upcast(moved, event(4, {}))).toThrow(NewerEventError);
});

test('an upcast cannot be forgotten', () => {
  const upcasts = { 1: () => ({}) };
  expect(() => defineEvent('a.b', z.object({}), { version: 3, upcasts })).toThrow('version 2');
});
