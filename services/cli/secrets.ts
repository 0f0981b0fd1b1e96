import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { writeFileAtomically } from '@insightdesk/shared/files';

const USAGE = `Usage: desk secrets generate                print a value for each secret of an installation
       desk secrets generate --env <file>   add the missing ones to an environment file`;

/** Passwords become part of URLs; hexadecimal digits need no escape. */
const SECRET_BYTES = 32;

const names = [
  'JWT_SECRET',
  'JWT_REFRESH_SECRET',
  'ENCRYPTION_KEY',
  'POSTGRES_PASSWORD',
  'DATABASE_OWNER_PASSWORD',
  'DATABASE_APP_PASSWORD',
  'DATABASE_RELAY_PASSWORD',
  'DATABASE_IDENTITY_PASSWORD',
  'DATABASE_REPLICATION_PASSWORD',
  'VALKEY_PASSWORD',
  'GRAFANA_PASSWORD',
];

/** Generates the secrets of an installation. A value that is set in the file is never replaced. */
export async function manageSecrets([verb, ...args]: string[]): Promise<number> {
  const file = verb === 'generate' ? parseOptions(args) : undefined;
  if (!file) {
    console.error(USAGE);
    return 2;
  }
  if (!file.env) {
    for (const name of names) console.log(assign(name));
    return 0;
  }
  const text = existsSync(file.env) ? await readFile(file.env, 'utf8') : '';
  const { lines, added } = addSecrets(text.split('\n'));
  if (added.length > 0) await writeFileAtomically(file.env, lines.join('\n'));
  console.log(added.length > 0 ? `Added ${added.join(', ')}` : 'All secrets are set');
  return 0;
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options: { env: { type: 'string' } } }).values;
  } catch {
    return undefined;
  }
}

const assign = (name: string) => `${name}=${randomBytes(SECRET_BYTES).toString('hex')}`;

/** Replaces empty, commented and development values; appends what has no line. */
export function addSecrets(given: readonly string[]) {
  const lines = [...given];
  const added: string[] = [];
  for (const name of names) {
    const isSet = lines.some((line) => line.startsWith(`${name}=`) && !isPlaceholder(line));
    if (isSet) continue;
    const index = lines.findIndex((line) => line.replace(/^# ?/, '').startsWith(`${name}=`));
    if (index >= 0) lines[index] = assign(name);
    else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, assign(name));
    added.push(name);
  }
  return { lines, added };
}

const isPlaceholder = (line: string) => /=\s*(|password|development-only.*)$/.test(line);
