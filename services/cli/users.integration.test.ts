import { expect, test } from 'bun:test';
import { call, registerOwner } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const unknown = 'usr_01h455vb4pex5vsknk084sn02q';

test('users find lists users by address with their organizations, and fails for unknown ones', async () => {
  const { email, id: userId, organizationId } = await registerOwner();
  const { code, output } = await runDesk(['users', 'find', email.slice(0, -4)]);
  expect(code).toBe(0);
  expect(output).toMatch(new RegExp(`^${userId}  ${email}`));
  expect(output).toContain(`\n  ${organizationId}  owner  `);
  expect((await runDesk(['users', 'find', userId])).output).toBe(output);
  expect((await runDesk(['users', 'find', 'no_one@%'])).code).toBe(1);
});

test('users end-sessions and reset-two-factor end every session, and refuse unknown users', async () => {
  const { id: userId, token } = await registerOwner();
  const ended = await runDesk(['users', 'end-sessions', userId]);
  expect(ended).toMatchObject({ code: 0, output: `${userId} 1 sessions ended\n` });
  expect((await call('GET', '/v1/me', { token })).status).toBe(401);
  const reset = await runDesk(['users', 'reset-two-factor', userId]);
  expect(reset).toMatchObject({ code: 1, errors: expect.stringContaining('second factor') });
  for (const verb of ['verify', 'end-sessions', 'reset-two-factor']) {
    const refused = await runDesk(['users', verb, unknown]);
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('User not found') });
  }
});
