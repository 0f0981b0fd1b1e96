import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { environmentNames } from './environment.ts';
import { listUnknownVariables, toReason } from './unknown-variables.ts';
import { applyAliases, knownNames } from './variable-names.ts';

type Values = Record<string, string>;

/**
 * Variables by precedence: the process environment, then `.env.{environment}.local`,
 * `.env.{environment}`, `.env.local` and `.env`. An empty value counts as not set.
 */
export function readCascade(directory: string, environment: Record<string, string | undefined>) {
  const errors: string[] = [];
  const files: Record<string, Values> = {};
  const read = (file: string): Values => {
    const path = join(directory, file);
    const values = existsSync(path) ? withoutEmpty(parseEnv(readFileSync(path, 'utf8'))) : {};
    files[file] = values;
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
  const composeFile = readComposeNames(values.SECRETS_DIRECTORY);
  if (composeFile) files['.env of compose'] = composeFile;
  if (environmentOf(values) !== name) errors.push(`NODE_ENV: a file for ${name} cannot change it`);
  errors.push(...findUnknown(files, own, isDeployed(name)));
  return { values, errors };
}

/** Whether the stricter rules apply. */
export const isDeployed = (environment: string | undefined): boolean =>
  environment === 'production' || environment === 'staging';

/**
 * A typo in a file is an error everywhere. A known prefix, and anything in the process environment,
 * where other programs may use similar names, is one only where the service is deployed.
 */
function findUnknown(files: Record<string, Values>, own: Values, deployed: boolean): string[] {
  const inFiles = Object.entries(files).flatMap(([file, values]) =>
    listUnknownVariables(values, knownNames)
      .filter((unknown) => deployed || unknown.isNear)
      .map((unknown) => `${unknown.name} (in ${file}): ${toReason(unknown)}`),
  );
  const inProcess = deployed ? listUnknownVariables(own) : [];
  return [...inFiles, ...inProcess.map((unknown) => `${unknown.name}: ${toReason(unknown)}`)];
}

/**
 * Names in the `.env` of compose, which passes only known variables to the services; `prepare.sh`
 * writes all of them to this file for `migrate`.
 */
function readComposeNames(directory: string | undefined): Values | undefined {
  const path = directory && join(directory, 'variable-names');
  if (!path || !existsSync(path)) return undefined;
  const names = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(names.map((name) => [name, '']));
}

// The schema reports an unknown name; here it must not select a file.
const environmentOf = ({ NODE_ENV }: Values) =>
  environmentNames.find((name) => name === NODE_ENV) ?? 'development';

function withoutEmpty(values: Record<string, string | undefined>): Values {
  const set = Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(set);
}
