import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { originOf } from './origin.ts';

const audited = { audit: true };
const userId = newId('usr');
const sessionId = newId('ses');
const user = { kind: 'user', userId, role: 'agent', sessionId } as const;

test('originOf: an API key is recorded as the user that it writes as, with its id', () => {
  const keyId = newId('key');
  const restriction = { permissions: ['members:read'] } as const;
  const actor = {
    kind: 'apiKey',
    keyId,
    userId,
    role: 'agent',
    secretId: sessionId,
    restriction,
  } as const;
  const grant = { via: 'key', id: keyId, permissions: ['members:read'] } as const;
  expect(originOf(audited, { actor })).toEqual({ actor: { ...user, grant } });
});

test('originOf: a custom role is recorded with its version', () => {
  const restriction = { roleId: newId('rol'), version: 3, permissions: [] };
  const grant = { via: 'custom', id: restriction.roleId, version: 3, permissions: [] } as const;
  expect(originOf(audited, { actor: { ...user, restriction } })).toEqual({
    actor: { ...user, grant },
  });
});

test('originOf: events that are not audited record an operator only', () => {
  expect(originOf({ audit: undefined }, { actor: user })).toBeUndefined();
  const actor = { ...user, operator: 'Otto' };
  expect(originOf({ audit: undefined }, { actor })).toEqual({ actor });
});
