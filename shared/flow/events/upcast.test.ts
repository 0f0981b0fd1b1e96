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
])('upcast: a payload of version %d becomes version 3', (version, payload) => {
  const { payload: current, version: to } = upcast(moved, event(version, payload));
  expect({ current, to }).toEqual({ current: { place: { x: 7 } }, to: 3 });
});

test('upcast: a result that does not match the schema is rejected', () => {
  expect(() => upcast(moved, event(2, { y: 7 }))).toThrow(z.ZodError);
});

test('upcast: a later version throws NewerEventError', () => {
  expect(() => upcast(moved, event(4, {}))).toThrow(NewerEventError);
});

test('defineEvent: a missing upcast is rejected', () => {
  const upcasts = { 1: () => ({}) };
  expect(() => defineEvent('a.b', z.object({}), { version: 3, upcasts })).toThrow('version 2');
});
