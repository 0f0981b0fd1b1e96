import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from '../write-file.ts';

const names = [
  'admin',
  'owner',
  'app',
  'relay',
  'identity',
  'valkey',
  'jwt',
  'refresh',
  'encryption',
] as const;

export type Secrets = Record<(typeof names)[number], string>;

/** The passwords and keys of a data directory, generated once. */
export function loadSecrets(path: string): Secrets {
  const stored: Partial<Secrets> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const entries = names.map((name) => [name, stored[name] ?? randomBytes(32).toString('hex')]);
  const secrets: Secrets = Object.fromEntries(entries);
  if (names.some((name) => !stored[name])) writeFileAtomically(path, JSON.stringify(secrets));
  return secrets;
}
