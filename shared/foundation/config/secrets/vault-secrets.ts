import { TechnicalError } from '@insightdesk/shared/errors';
import { retry } from '@insightdesk/shared/promises';
import { z } from 'zod';
import { SecretDeniedError, type SecretProvider } from './provider.ts';

export interface VaultOptions {
  /** Such as `https://vault.example:8200`. */
  address: string;
  namespace?: string | undefined;
  /** A token, or the two halves of an AppRole. */
  token?: string | undefined;
  roleId?: string | undefined;
  secretId?: string | undefined;
  timeoutMs?: number;
}

const SCHEME = 'vault:';
const MAX_BYTES = 1_048_576;
/** A token is replaced when this share of its life is over. */
const RENEW_AT = 0.8;

const login = z.object({
  auth: z.object({ client_token: z.string(), lease_duration: z.number() }),
});
const secret = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()) }) });

/**
 * HashiCorp Vault, key-value engine version 2: `vault:<mount>/<path>#<key>`. With an AppRole it signs
 * in by itself, and again before its token ends or when it is refused.
 */
export function createVaultSecrets(options: VaultOptions): SecretProvider {
  const { address, namespace, roleId, secretId, timeoutMs = 5_000 } = options;
  let held = { token: options.token, until: Number.POSITIVE_INFINITY };

  const ask = (path: string, body?: unknown) =>
    retry(() => send(path, body), { attempts: 3, baseMs: 200, maxMs: 1_000 });

  async function send(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${address.replace(/\/$/, '')}/v1/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        'X-Vault-Request': 'true',
        ...(!body && held.token && { 'X-Vault-Token': held.token }),
        ...(namespace && { 'X-Vault-Namespace': namespace }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => {
      throw new TechnicalError('Vault does not answer', { retryable: true });
    });
    const { status } = response;
    if (status === 403 || status === 400) throw new SecretDeniedError('Vault denies access');
    if (status === 404) throw new TechnicalError('Vault has no such secret');
    if (!response.ok) {
      throw new TechnicalError(`Vault answers ${status}`, { retryable: status >= 500 });
    }
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new TechnicalError('Vault answers too much');
    return JSON.parse(text);
  }

  async function signIn(): Promise<void> {
    const answer = await ask('auth/approle/login', { role_id: roleId, secret_id: secretId });
    const { client_token: token, lease_duration: seconds } = login.parse(answer).auth;
    const livesMs = seconds > 0 ? seconds * 1_000 * RENEW_AT : Number.POSITIVE_INFINITY;
    held = { token, until: Date.now() + livesMs };
  }

  async function read(path: string): Promise<unknown> {
    const hasRole = roleId !== undefined && secretId !== undefined;
    if (hasRole && (!held.token || Date.now() >= held.until)) await signIn();
    try {
      return await ask(path);
    } catch (error) {
      if (!hasRole || !(error instanceof SecretDeniedError)) throw error;
      await signIn();
      return ask(path);
    }
  }

  return {
    name: 'vault',
    supportsSecret: (reference) => reference.startsWith(SCHEME),
    async getSecret(reference) {
      const { path, key } = parse(reference);
      const parsed = secret.safeParse(await read(path));
      const value = parsed.success ? parsed.data.data.data[key] : undefined;
      if (typeof value !== 'string') throw new TechnicalError('Vault has no such key there');
      return value;
    },
  };
}

function parse(reference: string): { path: string; key: string } {
  const [, mount, rest, key] = /^vault:([\w-]+)\/([\w./-]+)#([\w.-]+)$/.exec(reference) ?? [];
  if (!mount || !rest || !key || rest.split('/').includes('..')) {
    throw new TechnicalError('a reference looks like vault:<mount>/<path>#<key>');
  }
  return { path: `${mount}/data/${rest}`, key };
}
