import { afterEach, expect, spyOn, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'run-command-'));
const written: string[] = [];
const stderr = spyOn(process.stderr, 'write').mockImplementation((text) => {
  written.push(String(text));
  return true;
});
afterEach(() => {
  written.length = 0;
});

const run = (environment: Record<string, string>) =>
  runCommand('desk', async ({ config }) => config.email.password, {
    DATABASE_URL: 'postgres://u:p@h/d',
    VALKEY_URL: 'valkey://h:6379',
    SMTP_USER: 'desk',
    ...environment,
  });
const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);

test('runCommand: the accesses of desk are one line of standard error, a denied one an error', async () => {
  writeFileSync(join(directory, 'SMTP_PASSWORD'), 'hunter2');
  writeFileSync(
    join(directory, 'provider.ts'),
    `export default { name: 'own', supportsSecret: (reference) => reference.startsWith('own:'),
      getSecret: async () => { throw Object.assign(new Error('no access'), { name: 'SecretDeniedError' }); } };`,
  );
  expect(await run({ SECRETS_DIRECTORY: directory })).toBe('hunter2');
  expect(lines()).toMatchObject([
    { level: 'info', service: 'desk', variables: ['SMTP_PASSWORD (file)'] },
  ]);
  expect(written.join()).not.toContain('hunter2');
  written.length = 0;
  const denied = run({ SECRETS_PROVIDERS: join(directory, 'provider.ts'), SMTP_PASSWORD: 'own:a' });
  await expect(denied).rejects.toThrow('SMTP_PASSWORD: no access');
  expect(lines()).toMatchObject([
    { level: 'error', variables: ['SMTP_PASSWORD (own)'], msg: 'secrets: access denied' },
  ]);
  stderr.mockRestore();
  rmSync(directory, { recursive: true });
});
