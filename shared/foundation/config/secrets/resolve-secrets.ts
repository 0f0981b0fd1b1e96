import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretName } from './is-secret-name.ts';
import type { SecretStore } from './secret-store.ts';

type Values = Record<string, string>;

const FILE_SUFFIX = '_FILE';

/** Variables that are needed to reach a vault, so a vault cannot hold them. */
const vaultSetting = /^VAULT_/;

/**
 * Replaces references by secrets: `JWT_SECRET_FILE=/run/secrets/jwt`, or a value such as
 * `vault:secret/desk#jwt`. A variable that is not set is read from the file of its name in
 * `SECRETS_DIRECTORY`. A secret that cannot be read is an error and left out.
 */
export async function resolveSecrets(values: Values, known: readonly string[], store: SecretStore) {
  const resolved: Values = { ...values };
  const errors: string[] = [];
  const missing = new Set<string>();
  const references = known.filter(isSecretName).flatMap((name): [string, string][] => {
    const value = values[name];
    const file = values[name + FILE_SUFFIX];
    if (file !== undefined && value !== undefined) {
      errors.push(`${name}: is set twice, also as ${name}${FILE_SUFFIX}`);
      return [];
    }
    if (file !== undefined) return [[name, `file:${file}`]];
    if (value === undefined) {
      const path = findFile(values.SECRETS_DIRECTORY, name);
      return path === undefined ? [] : [[name, `file:${path}`]];
    }
    return store.supportsSecret(value) ? [[name, value]] : [];
  });
  await Promise.all(
    references.map(async ([name, reference]) => {
      try {
        const value = await store.getSecret(name, reference);
        // A file of the directory may hold a reference, as the variable itself may.
        const isFromDirectory =
          values[name + FILE_SUFFIX] === undefined && values[name] === undefined;
        const isReference = isFromDirectory && store.supportsSecret(value);
        resolved[name] = isReference ? await store.getSecret(name, value) : value;
      } catch (error) {
        errors.push(
          `${name}: ${error instanceof Error ? error.message : 'reading the secret failed'}`,
        );
        missing.add(name);
        delete resolved[name];
      }
    }),
  );
  return { values: resolved, errors, missing };
}

/** An empty file counts as not set, like an empty variable. */
function findFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, name);
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() && found.size > 0 ? path : undefined;
  } catch {
    // Reading it later reports why it cannot be read.
    return path;
  }
}

/** Whether the variable is needed before a vault can be read. */
export const isVaultSetting = (name: string) => vaultSetting.test(name);
