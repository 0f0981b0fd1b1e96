import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretName } from './secret-names.ts';
import type { Secrets } from './secrets.ts';

type Values = Record<string, string>;

const FILE = '_FILE';

/** Variables with which a vault is reached: no vault can hold them. */
const opening = /^VAULT_/;

/**
 * Replaces what stands for a secret by the secret: `JWT_SECRET_FILE=/run/secrets/jwt`, or a value
 * such as `vault:secret/desk#jwt`. What is not set at all is looked for in `SECRETS_DIRECTORY`, in a
 * file of its name. What cannot be had is a fault, and left out.
 */
export async function resolveSecrets(values: Values, known: readonly string[], secrets: Secrets) {
  const resolved: Values = { ...values };
  const faults: string[] = [];
  const missing = new Set<string>();
  const wanted = known.filter(isSecretName).flatMap((name): [string, string][] => {
    const value = values[name];
    const file = values[name + FILE];
    if (file !== undefined && value !== undefined) {
      faults.push(`${name}: is set twice, also as ${name}${FILE}`);
      return [];
    }
    if (file !== undefined) return [[name, `file:${file}`]];
    if (value === undefined) {
      const path = findFile(values.SECRETS_DIRECTORY, name);
      return path === undefined ? [] : [[name, `file:${path}`]];
    }
    return secrets.supportsSecret(value) ? [[name, value]] : [];
  });
  await Promise.all(
    wanted.map(async ([name, reference]) => {
      try {
        const value = await secrets.getSecret(name, reference);
        // What stands in the directory may name another place, as the variable itself may.
        const leads = values[name + FILE] === undefined && values[name] === undefined;
        const isFurther = leads && secrets.supportsSecret(value);
        resolved[name] = isFurther ? await secrets.getSecret(name, value) : value;
      } catch (error) {
        faults.push(`${name}: ${error instanceof Error ? error.message : 'fails'}`);
        missing.add(name);
        delete resolved[name];
      }
    }),
  );
  return { values: resolved, faults, missing };
}

/** An empty file is as good as none, as an empty variable is. */
function findFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, name);
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() && found.size > 0 ? path : undefined;
  } catch {
    // Whoever reads it tells why it cannot be read.
    return path;
  }
}

/** Those that have to be there before a vault can be asked. */
export const opensVault = (name: string) => opening.test(name);
