import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['sockets', ...words]);

test('sockets: asks all replicas for the clients of a channel and the channels of a user', async () => {
  const [tenantId, userId] = [newId('org'), newId('usr')];
  const nobody = { code: 0, output: '', errors: '' };
  expect(await desk('clients', tenantId, `private-organization-${tenantId}`)).toEqual(nobody);
  expect(await desk('channels', tenantId, userId)).toEqual(nobody);
  expect(await desk('channels', '1.abc')).toEqual(nobody);
});

test.each([[[]], [['clients']], [['clients', 'org_x', 'c']], [['channels', 'a', 'b']]])(
  'sockets %p: shows its usage',
  async (words) => {
    const { code, errors } = await desk(...words);
    expect([code, errors.split('\n')[0]]).toEqual([
      2,
      'Usage: desk sockets clients <organization id> <channel>',
    ]);
  },
);
