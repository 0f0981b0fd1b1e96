import { ConfigurationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { checkPolicy } from './check-policy.ts';
import { type Environment, environmentSchema, knownKeys } from './environment.ts';
import { readCascade } from './read-cascade.ts';
import { fileSecrets } from './secrets/file-secrets.ts';
import { isVaultSetting, resolveSecrets } from './secrets/resolve-secrets.ts';
import type { SecretProvider } from './secrets/secret-provider.ts';
import { createSecretStore, type SecretAccess, type SecretStore } from './secrets/secret-store.ts';
import { createVaultSecrets } from './secrets/vault-secrets.ts';
import { type Config, shapeConfig } from './shape-config.ts';

export interface LoadOptions {
  /** Directory of the `.env` files; default: the working directory. */
  directory?: string;
  /** Default: the process environment. */
  environment?: Record<string, string | undefined>;
  service?: Config['service']['name'];
}

/** Reads, validates and freezes the configuration; throws one ConfigurationError with all errors. */
export function loadConfig(options: LoadOptions = {}): Config {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const { values, errors } = readCascade(directory, environment);
  return checkConfig(values, service, errors);
}

export interface LoadWithSecretsOptions extends LoadOptions {
  /** Custom secret providers, used before the built-in ones. */
  providers?: readonly SecretProvider[];
  /** Called for every access to a secret. */
  onAccess?: (access: SecretAccess) => void;
}

/**
 * Like `loadConfig`, with secrets from files, a vault or custom providers. Secrets that cannot be
 * read are reported with all other errors.
 */
export async function loadConfigWithSecrets(
  options: LoadWithSecretsOptions = {},
): Promise<{ config: Config; secrets: SecretStore }> {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const { providers = [], onAccess = () => {} } = options;
  const { values, errors } = readCascade(directory, environment);
  const local = [...providers, fileSecrets];
  const ttlSeconds = Number(readVariable(values, 'SECRETS_TTL'));
  const localStore = createSecretStore({ providers: local, ttlSeconds, onAccess });
  const first = await resolveSecrets(values, knownKeys.filter(isVaultSetting), localStore);
  const vault = createVault(first.values);
  const secrets = createSecretStore({
    providers: vault ? [...local, vault] : local,
    ttlSeconds,
    onAccess,
  });
  const rest = knownKeys.filter((name) => !isVaultSetting(name));
  const second = await resolveSecrets(first.values, rest, secrets);
  const all = [...errors, ...first.errors, ...second.errors];
  return { config: checkConfig(second.values, service, all, second.missing), secrets };
}

function createVault(values: Record<string, string>) {
  const address = readVariable(values, 'VAULT_ADDR');
  if (typeof address !== 'string') return undefined;
  return createVaultSecrets({
    address,
    namespace: values.VAULT_NAMESPACE,
    token: values.VAULT_TOKEN,
    roleId: values.VAULT_ROLE_ID,
    secretId: values.VAULT_SECRET_ID,
  });
}

/** One variable; undefined when it is invalid, which is reported with all other errors. */
const readVariable = (values: Record<string, string>, name: 'SECRETS_TTL' | 'VAULT_ADDR') =>
  environmentSchema.shape[name].safeParse(values[name]).data;

function checkConfig(
  values: Record<string, string>,
  service: Config['service']['name'],
  errors: readonly string[],
  reported: ReadonlySet<string> = new Set(),
): Config {
  const parsed = parseVariables(values, reported);
  const all = [...errors, ...parsed.errors, ...checkPolicy(parsed.known)];
  if (all.length > 0) {
    throw new ConfigurationError(`The configuration is invalid:\n  ${all.join('\n  ')}`);
  }
  return deepFreeze(shapeConfig(parsed.known as Environment, service, values));
}

// One by one, so that an error hides neither another one nor the rules across variables.
function parseVariables(values: Record<string, string>, reported: ReadonlySet<string>) {
  const known: Record<string, unknown> = {};
  const errors: string[] = [];
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    if (reported.has(name)) continue;
    const { success, data, error } = schema.safeParse(values[name], { reportInput: true });
    if (success) known[name] = data;
    else errors.push(toMessage(name, error.issues[0]));
  }
  return { known: known as Partial<Environment>, errors };
}

/** Names the variable and the expected form, never the value. */
function toMessage(name: string, issue: z.core.$ZodIssue | undefined): string {
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined;
  return `${name}: ${isMissing ? 'is required' : issue?.message}`;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
