import { TechnicalError } from '@insightdesk/shared/errors';
import { retry } from '@insightdesk/shared/promises';
import { z } from 'zod';
import { SecretDeniedError, type SecretProvider } from './secret-provider.ts';

export interface VaultOptions {
  /** URL such as `https://vault.example:8200`. */
  address: string;
  namespace?: string | undefined;
  /** A token, or role id and secret id of an AppRole. */
  token?: string | undefined;
  roleId?: string | undefined;
  secretId?: string | undefined;
  timeoutMs?: number;
}

const SCHEME = 'vault:';
const MAX_BYTES = 1_048_576;
/** A token is replaced after this share of its lifetime. */
const RENEWAL_RATIO = 0.8;

const loginResponse = z.object({
  auth: z.object({ client_token: z.string(), lease_duration: z.number() }),
});
const secretResponse = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()) }) });

/**
 * HashiCorp Vault, key-value engine version 2: `vault:<mount>/<path>#<key>`. With an AppRole it logs
 * in by itself, and again before its token expires or when the token is refused.
 */
export function createVaultSecrets(options: VaultOptions): SecretProvider {
  const { address, namespace, roleId, secretId, timeoutMs = 5_000 } = options;
  let session = { token: options.token, expiresAt: Number.POSITIVE_INFINITY };

  const request = (path: string, body?: unknown) =>
    retry(() => send(path, body), { attempts: 3, baseMs: 200, maxMs: 1_000 });

  async function send(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${address.replace(/\/$/, '')}/v1/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        'X-Vault-Request': 'true',
        ...(!body && session.token && { 'X-Vault-Token': session.token }),
        ...(namespace && { 'X-Vault-Namespace': namespace }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => {
      throw new TechnicalError('Vault is unreachable', { retryable: true });
    });
    const { status } = response;
    if (status === 403 || status === 400) throw new SecretDeniedError('Vault denies access');
    if (status === 404) throw new TechnicalError('Vault does not have this secret');
    if (!response.ok) {
      throw new TechnicalError(`Vault responded with ${status}`, { retryable: status >= 500 });
    }
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new TechnicalError('the response of Vault is too large');
    return JSON.parse(text);
  }

  async function login(): Promise<void> {
    const response = await request('auth/approle/login', { role_id: roleId, secret_id: secretId });
    const { client_token: token, lease_duration: seconds } = loginResponse.parse(response).auth;
    const lifetimeMs = seconds > 0 ? seconds * 1_000 * RENEWAL_RATIO : Number.POSITIVE_INFINITY;
    session = { token, expiresAt: Date.now() + lifetimeMs };
  }

  async function read(path: string): Promise<unknown> {
    const hasRole = roleId !== undefined && secretId !== undefined;
    if (hasRole && (!session.token || Date.now() >= session.expiresAt)) await login();
    try {
      return await request(path);
    } catch (error) {
      if (!hasRole || !(error instanceof SecretDeniedError)) throw error;
      await login();
      return request(path);
    }
  }

  return {
    name: 'vault',
    supportsSecret: (reference) => reference.startsWith(SCHEME),
    async getSecret(reference) {
      const { path, key } = parse(reference);
      const parsed = secretResponse.safeParse(await read(path));
      const value = parsed.success ? parsed.data.data.data[key] : undefined;
      if (typeof value !== 'string')
        throw new TechnicalError('the Vault secret does not have this key');
      return value;
    },
  };
}

function parse(reference: string): { path: string; key: string } {
  const [, mount, rest, key] = /^vault:([\w-]+)\/([\w./-]+)#([\w.-]+)$/.exec(reference) ?? [];
  if (!mount || !rest || !key || rest.split('/').includes('..')) {
    throw new TechnicalError('the reference must have the form vault:<mount>/<path>#<key>');
  }
  return { path: `${mount}/data/${rest}`, key };
}
