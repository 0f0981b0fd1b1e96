import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { didYouMean } from '@insightdesk/shared/utils';
import { environmentNames } from './environment.ts';
import { applyAliases, knownNames } from './variable-names.ts';

type Values = Record<string, string>;

/**
 * Variables by precedence: the process environment, then `.env.{environment}.local`,
 * `.env.{environment}`, `.env.local` and `.env`. An empty value counts as not set.
 */
export function readCascade(directory: string, environment: Record<string, string | undefined>) {
  const errors: string[] = [];
  const read = (file: string): Values => {
    const path = join(directory, file);
    const values = existsSync(path) ? withoutEmpty(parseEnv(readFileSync(path, 'utf8'))) : {};
    errors.push(...Object.keys(values).flatMap((key) => findTypo(key, file)));
    return renameAliases(values);
  };
  const renameAliases = (found: Values): Values => {
    const { values, errors: conflicts } = applyAliases(found);
    errors.push(...conflicts);
    return values;
  };
  const own = renameAliases(withoutEmpty(environment));
  const general = { ...read('.env'), ...read('.env.local') };
  const name = environmentOf({ ...general, ...own });
  const values = { ...general, ...read(`.env.${name}`), ...read(`.env.${name}.local`), ...own };
  if (environmentOf(values) !== name) errors.push(`NODE_ENV: a file for ${name} cannot change it`);
  return { values, errors };
}

// The schema reports an unknown name; here it must not select a file.
const environmentOf = ({ NODE_ENV }: Values) =>
  environmentNames.find((name) => name === NODE_ENV) ?? 'development';

function withoutEmpty(values: Record<string, string | undefined>): Values {
  const set = Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(set);
}

function findTypo(key: string, file: string): string[] {
  if (knownNames.includes(key.replace(/_FILE$/, ''))) return [];
  const suggestion = didYouMean(key, knownNames, 2);
  if (!suggestion) return [];
  return [`${key} (in ${file}): is unknown, did you mean ${suggestion}?`];
}
