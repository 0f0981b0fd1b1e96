import { ConfigurationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { readCascade } from './cascade.ts';
import { type Environment, environmentSchema, knownKeys } from './environment.ts';
import { judge } from './policy.ts';
import { fileSecrets } from './secrets/file-secrets.ts';
import type { SecretProvider } from './secrets/provider.ts';
import { opensVault, resolveSecrets } from './secrets/resolve-secrets.ts';
import { createSecrets, type SecretAccess, type Secrets } from './secrets/secrets.ts';
import { createVaultSecrets } from './secrets/vault-secrets.ts';
import { type Config, shapeConfig } from './shape.ts';

export interface LoadOptions {
  /** Where the `.env` files are; the working directory unless said. */
  directory?: string;
  /** The process environment unless said. */
  environment?: Record<string, string | undefined>;
  service?: Config['service']['name'];
}

/** Reads, checks and freezes the configuration; throws one ConfigurationError with every fault. */
export function loadConfig(options: LoadOptions = {}): Config {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const { values, faults } = readCascade(directory, environment);
  return checkConfig(values, service, faults);
}

export interface LoadWithSecretsOptions extends LoadOptions {
  /** Places of one's own where secrets are kept, asked before the usual ones. */
  providers?: readonly SecretProvider[];
  /** Told of every access to a secret. */
  onAccess?: (access: SecretAccess) => void;
}

/**
 * The same, with secrets from where they are kept: files, a vault, places of one's own. What cannot
 * be had is told with all other faults.
 */
export async function loadConfigWithSecrets(
  options: LoadWithSecretsOptions = {},
): Promise<{ config: Config; secrets: Secrets }> {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const { providers = [], onAccess = () => {} } = options;
  const { values, faults } = readCascade(directory, environment);
  const near = [...providers, fileSecrets];
  const ttlSeconds = Number(read(values, 'SECRETS_TTL'));
  const opening = createSecrets({ providers: near, ttlSeconds, onAccess });
  const first = await resolveSecrets(values, knownKeys.filter(opensVault), opening);
  const vault = openVault(first.values);
  const secrets = createSecrets({
    providers: vault ? [...near, vault] : near,
    ttlSeconds,
    onAccess,
  });
  const rest = knownKeys.filter((name) => !opensVault(name));
  const second = await resolveSecrets(first.values, rest, secrets);
  const all = [...faults, ...first.faults, ...second.faults];
  return { config: checkConfig(second.values, service, all, second.missing), secrets };
}

function openVault(values: Record<string, string>) {
  const address = read(values, 'VAULT_ADDR');
  if (typeof address !== 'string') return undefined;
  return createVaultSecrets({
    address,
    namespace: values.VAULT_NAMESPACE,
    token: values.VAULT_TOKEN,
    roleId: values.VAULT_ROLE_ID,
    secretId: values.VAULT_SECRET_ID,
  });
}

/** One variable; undefined when it is faulty, which is told with the others. */
const read = (values: Record<string, string>, name: 'SECRETS_TTL' | 'VAULT_ADDR') =>
  environmentSchema.shape[name].safeParse(values[name]).data;

function checkConfig(
  values: Record<string, string>,
  service: Config['service']['name'],
  faults: readonly string[],
  told: ReadonlySet<string> = new Set(),
): Config {
  const parsed = parseEach(values, told);
  const all = [...faults, ...parsed.faults, ...judge(parsed.known)];
  if (all.length > 0) {
    throw new ConfigurationError(`The configuration has faults:\n  ${all.join('\n  ')}`);
  }
  return freeze(shapeConfig(parsed.known as Environment, service, values));
}

// One by one, so that a fault hides neither another nor the rules across variables.
function parseEach(values: Record<string, string>, told: ReadonlySet<string>) {
  const known: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    if (told.has(name)) continue;
    const { success, data, error } = schema.safeParse(values[name], { reportInput: true });
    if (success) known[name] = data;
    else faults.push(toFault(name, error.issues[0]));
  }
  return { known: known as Partial<Environment>, faults };
}

/** Names the variable and what is wanted, never the value. */
function toFault(name: string, issue: z.core.$ZodIssue | undefined): string {
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  return `${name}: ${missing ? 'is required' : issue?.message}`;
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner);
  }
  return Object.freeze(value);
}
