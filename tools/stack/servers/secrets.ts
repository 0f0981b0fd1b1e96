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

/** The passwords and keys of one data directory, made up once. */
export function loadSecrets(path: string): Secrets {
  const known: Partial<Secrets> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const made = names.map((name) => [name, known[name] ?? randomBytes(32).toString('hex')]);
  const secrets: Secrets = Object.fromEntries(made);
  if (names.some((name) => !known[name])) writeFileAtomically(path, JSON.stringify(secrets));
  return secrets;
}
