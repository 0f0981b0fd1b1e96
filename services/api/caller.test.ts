import { expect, test } from 'bun:test';
import type { Actor } from '@insightdesk/shared/context';
import { rateLimitRules } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { type ApiCaller, rateLimitKeys } from './caller.ts';

const tenantId = newId('org');
const callerOf = (name: string, kind: Actor['kind']) =>
  ({ name, tenantId, actor: { kind } }) as ApiCaller;

test('rateLimitKeys: an API key is counted apart from its creator, by a rule of its own', () => {
  expect(rateLimitKeys(callerOf('usr_1', 'user'))).toEqual({
    user: 'usr_1',
    organization: tenantId,
  });
  expect(rateLimitKeys(callerOf('key_1', 'apiKey'))).toEqual({
    user: 'key_1',
    key: 'key_1',
    organization: tenantId,
  });
  const rules = rateLimitRules({ windowMs: 60_000, maxRequests: 5 });
  expect(rules).toContainEqual(expect.objectContaining({ name: 'key', limit: 15 }));
});
