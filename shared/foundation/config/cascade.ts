import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { nearest } from '@insightdesk/shared/utils';
import { environmentNames } from './environment.ts';
import { knownNames, underOurNames } from './names.ts';

type Values = Record<string, string>;

/**
 * Variables by rank: the process environment above `.env.{environment}.local`,
 * `.env.{environment}`, `.env.local` and `.env`. An empty value counts as not set.
 */
export function readCascade(directory: string, environment: Record<string, string | undefined>) {
  const faults: string[] = [];
  const read = (file: string): Values => {
    const path = join(directory, file);
    const values = existsSync(path) ? withoutEmpty(parseEnv(readFileSync(path, 'utf8'))) : {};
    faults.push(...Object.keys(values).flatMap((key) => typo(key, file)));
    return rename(values);
  };
  const rename = (found: Values): Values => {
    const { values, faults: twice } = underOurNames(found);
    faults.push(...twice);
    return values;
  };
  const own = rename(withoutEmpty(environment));
  const general = { ...read('.env'), ...read('.env.local') };
  const name = nameOf({ ...general, ...own });
  const values = { ...general, ...read(`.env.${name}`), ...read(`.env.${name}.local`), ...own };
  if (nameOf(values) !== name) faults.push(`NODE_ENV: a file for ${name} may not change it`);
  return { values, faults };
}

// A wrong name is reported by the schema; until then it must not choose a file.
const nameOf = ({ NODE_ENV }: Values) =>
  environmentNames.find((name) => name === NODE_ENV) ?? 'development';

function withoutEmpty(values: Record<string, string | undefined>): Values {
  const set = Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(set);
}

function typo(key: string, file: string): string[] {
  if (knownNames.includes(key.replace(/_FILE$/, ''))) return [];
  const near = nearest(key, knownNames, 2);
  if (!near) return [];
  return [`${key} (in ${file}): is unknown, did you mean ${near}?`];
}
