import { isSecretName } from './secret-names.ts';
import type { Secrets } from './secrets.ts';

type Values = Record<string, string>;

const FILE = '_FILE';

/** Variables with which a vault is reached: no vault can hold them. */
const opening = /^VAULT_/;

/**
 * Replaces what stands for a secret by the secret: `JWT_SECRET_FILE=/run/secrets/jwt`, or a value
 * such as `vault:secret/desk#jwt`. What cannot be had is a fault, and left out.
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
    return value !== undefined && secrets.supportsSecret(value) ? [[name, value]] : [];
  });
  await Promise.all(
    wanted.map(async ([name, reference]) => {
      try {
        resolved[name] = await secrets.getSecret(name, reference);
      } catch (error) {
        faults.push(`${name}: ${error instanceof Error ? error.message : 'fails'}`);
        missing.add(name);
        delete resolved[name];
      }
    }),
  );
  return { values: resolved, faults, missing };
}

/** Those that have to be there before a vault can be asked. */
export const opensVault = (name: string) => opening.test(name);
