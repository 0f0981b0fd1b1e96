import { expect, test } from 'bun:test';
import { permissionNames } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { channels } from './channels.ts';
import type { Call } from './connection/guard.ts';
import { handlers } from './handlers.ts';

const known = new Set<unknown>(permissionNames);

test('every channel declares a permission', () => {
  expect(channels.lines.length).toBeGreaterThan(5);
  expect(channels.lines.filter(({ permission }) => !known.has(permission))).toEqual([]);
});

test('every socket request declares a permission', () => {
  const lacking = Object.entries(handlers).filter(([, { permission }]) => !known.has(permission));
  expect(Object.keys(handlers).length).toBeGreaterThan(5);
  expect(lacking).toEqual([]);
});

test.each(Object.keys(handlers) as (keyof typeof handlers)[])(
  '%s is refused to an API key without its permission, before its payload is read',
  async (name) => {
    const grant = { via: 'key', id: newId('key'), permissions: [] };
    const access = { userId: newId('usr'), role: 'agent', sessionId: newId('ses'), grant };
    const call = { connection: { access } } as unknown as Call;
    await expect(handlers[name](call, undefined)).rejects.toMatchObject({ status: 403 });
  },
);
