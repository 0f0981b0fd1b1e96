import { ConfigurationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { checkPolicy } from './check-policy.ts';
import { type Environment, environmentSchema, knownKeys } from './environment.ts';
import { readCascade } from './read-cascade.ts';
import { fileSecrets } from './secrets/file-secrets.ts';
import { isVaultSetting, resolveSecrets } from './secrets/resolve-secrets.ts';
import { loadSecretProviders, type SecretProvider } from './secrets/secret-provider.ts';
import { createSecretStore, type SecretAccess } from './secrets/secret-store.ts';
import { createVaultSecrets } from './secrets/vault-secrets.ts';
import { isForService, omitForeign } from './service-secrets.ts';
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
  return checkConfig(omitForeign(values, service), service, errors);
}

export interface LoadWithSecretsOptions extends LoadOptions {
  /** Custom secret providers, used before those of SECRETS_PROVIDERS and the built-in ones. */
  providers?: readonly SecretProvider[];
  /** Called for every access to a secret. */
  onAccess?: (access: SecretAccess) => void;
}

export interface LoadedConfig {
  config: Config;
  /**
   * Reads all secrets again that are older than SECRETS_TTL; one that cannot be read keeps its value.
   * Throws ConfigurationError when the new values are invalid.
   */
  refresh(): Promise<{ config: Config; changed: string[] }>;
}

/**
 * Like `loadConfig`, with secrets from files, a vault or custom providers. Secrets that cannot be
 * read are reported with all other errors.
 */
export async function loadConfigWithSecrets(
  options: LoadWithSecretsOptions = {},
): Promise<LoadedConfig> {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const cascade = readCascade(directory, environment);
  const { errors } = cascade;
  const values = omitForeign(cascade.values, service);
  const isOwn = (name: string) => isForService(name, service);
  const read = createSecretReader(values, knownKeys.filter(isOwn), {
    providers: [
      ...(options.providers ?? []),
      ...(await loadSecretProviders(readVariable(values, 'SECRETS_PROVIDERS') ?? [], values)),
    ],
    onAccess: options.onAccess ?? (() => {}),
  });
  const first = await read();
  let current = first.values;
  const all = [...errors, ...first.errors];
  return {
    config: checkConfig(current, service, all, first.missing),
    async refresh() {
      const next = await read();
      const retained = Object.fromEntries(
        [...next.missing].flatMap((name) => (current[name] ? [[name, current[name]]] : [])),
      );
      const found = { ...next.values, ...retained };
      const config = checkConfig(found, service, errors);
      const changed = knownKeys.filter((name) => found[name] !== current[name]);
      current = found;
      return { config, changed };
    },
  };
}

/** Resolves all references in the variables; the settings of a vault first. */
function createSecretReader(
  values: Record<string, string>,
  known: readonly string[],
  { providers, onAccess }: Required<Pick<LoadWithSecretsOptions, 'providers' | 'onAccess'>>,
) {
  const ttlSeconds = readVariable(values, 'SECRETS_TTL') ?? 0;
  const local = [...providers, fileSecrets];
  let vault: SecretProvider | undefined;
  let vaultSettings = '';
  const reachVault: SecretProvider = {
    name: 'vault',
    supportsSecret: (reference) => vault?.supportsSecret(reference) ?? false,
    getSecret: async (reference) => (vault as SecretProvider).getSecret(reference),
  };
  const localStore = createSecretStore({ providers: local, ttlSeconds, onAccess });
  const store = createSecretStore({ providers: [...local, reachVault], ttlSeconds, onAccess });
  const others = known.filter((name) => !isVaultSetting(name));
  return async () => {
    const first = await resolveSecrets(values, known.filter(isVaultSetting), localStore);
    const settings = JSON.stringify(
      Object.entries(first.values).filter(([name]) => isVaultSetting(name)),
    );
    // The same settings keep the session.
    if (settings !== vaultSettings) vault = createVault(first.values);
    vaultSettings = settings;
    const second = await resolveSecrets(first.values, others, store);
    return {
      values: second.values,
      errors: [...first.errors, ...second.errors],
      missing: first.missing.union(second.missing),
    };
  };
}

function createVault(values: Record<string, string>) {
  const address = readVariable(values, 'VAULT_ADDR');
  if (address === undefined) return undefined;
  return createVaultSecrets({
    address,
    namespace: values.VAULT_NAMESPACE,
    token: values.VAULT_TOKEN,
    roleId: values.VAULT_ROLE_ID,
    secretId: values.VAULT_SECRET_ID,
  });
}

/** One variable; undefined when it is invalid, which is reported with all other errors. */
const readVariable = <N extends 'SECRETS_TTL' | 'SECRETS_PROVIDERS' | 'VAULT_ADDR'>(
  values: Record<string, string>,
  name: N,
) => environmentSchema.shape[name].safeParse(values[name]).data as Environment[N] | undefined;

function checkConfig(
  values: Record<string, string>,
  service: Config['service']['name'],
  errors: readonly string[],
  reported: ReadonlySet<string> = new Set(),
): Config {
  const parsed = parseVariables(values, reported);
  // Their defaults are secrets as well.
  for (const name of ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'ENCRYPTION_KEY'] as const)
    if (!isForService(name, service)) delete parsed.known[name];
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
