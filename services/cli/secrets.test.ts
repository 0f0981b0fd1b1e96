import { expect, test } from 'bun:test';
import { addSecrets } from './secrets.ts';

test('addSecrets replaces missing, commented and placeholder values and keeps those that are set', () => {
  const { lines, added } = addSecrets([
    'APP_URL=https://desk.example.com',
    'JWT_SECRET=development-only-secret',
    '# POSTGRES_PASSWORD=password',
    'VALKEY_PASSWORD=',
    'ENCRYPTION_KEY=mine',
    '',
  ]);
  const value = /^[A-Z_]+=[0-9a-f]{64}$/;
  expect(lines.slice(0, 5)).toEqual([
    'APP_URL=https://desk.example.com',
    expect.stringMatching(/^JWT_SECRET=[0-9a-f]{64}$/),
    expect.stringMatching(/^POSTGRES_PASSWORD=[0-9a-f]{64}$/),
    expect.stringMatching(/^VALKEY_PASSWORD=[0-9a-f]{64}$/),
    'ENCRYPTION_KEY=mine',
  ]);
  expect(lines.slice(5, -1).every((line) => value.test(line))).toBe(true);
  expect(lines.at(-1)).toBe('');
  expect(added).not.toContain('ENCRYPTION_KEY');
  expect(new Set(lines.filter((line) => value.test(line))).size).toBe(added.length);
  expect(addSecrets(lines)).toEqual({ lines, added: [] });
});
