import { expect, test } from 'bun:test';
import { permissionNames } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { channels } from './channels.ts';
import type { Call } from './connection/dispatcher.ts';
import { handlers } from './handlers.ts';

const known = new Set<unknown>(permissionNames);

test('channels: every channel declares a permission', () => {
  expect(channels.rules.length).toBeGreaterThan(5);
  expect(channels.rules.filter(({ permission }) => !known.has(permission))).toEqual([]);
});

test('handlers: every event declares a permission', () => {
  const undeclared = Object.entries(handlers).filter(
    ([, { permission }]) => !known.has(permission),
  );
  expect(Object.keys(handlers).length).toBeGreaterThan(5);
  expect(undeclared).toEqual([]);
});

test.each(Object.keys(handlers) as (keyof typeof handlers)[])(
  '%s: an API key without its permission is refused before its payload is parsed',
  async (name) => {
    const access = {
      kind: 'apiKey',
      keyId: newId('key'),
      userId: newId('usr'),
      role: 'agent',
      sessionId: newId('ses'),
      restriction: { permissions: [] },
    };
    const call = { connection: { access } } as unknown as Call;
    await expect(handlers[name](call, undefined)).rejects.toMatchObject({ status: 403 });
  },
);
