import { TechnicalError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import { SecretDeniedError, type SecretProvider } from './secret-provider.ts';

/** An access to a secret; never its value. */
export interface SecretAccess {
  /** Name of the variable, or the name that the caller gives. */
  name: string;
  provider: string;
  outcome: 'read' | 'cached' | 'denied' | 'failed';
}

export interface SecretStoreOptions {
  /** In the order of their use. */
  providers: readonly SecretProvider[];
  /** How long a value is cached. */
  ttlSeconds: number;
  /** Called for every access. */
  onAccess: (access: SecretAccess) => void;
}

/** Secrets by reference, from any provider. */
export interface SecretStore {
  supportsSecret(reference: string): boolean;
  /** `name` is reported with the access; throws SecretDeniedError or TechnicalError. */
  getSecret(name: string, reference: string): Promise<string>;
}

const MAX_CACHED = 1_000;
/** A provider that never answers must not stop the others. */
const READ_TIMEOUT_MS = 30_000;

/** Reads secrets from the first provider that supports a reference; caches values, reports accesses. */
export function createSecretStore({
  providers,
  ttlSeconds,
  onAccess,
}: SecretStoreOptions): SecretStore {
  const cached = new Map<string, { value: string; expiresAt: number }>();
  const findProvider = (reference: string) =>
    providers.find((provider) => provider.supportsSecret(reference));

  function addToCache(reference: string, value: string): void {
    const [oldest] = cached.keys();
    if (cached.size >= MAX_CACHED && oldest !== undefined) cached.delete(oldest);
    cached.set(reference, { value, expiresAt: Date.now() + ttlSeconds * 1_000 });
  }

  return {
    supportsSecret: (reference) => findProvider(reference) !== undefined,
    async getSecret(name, reference) {
      const provider = findProvider(reference);
      if (!provider) throw new TechnicalError('no provider supports this reference');
      const report = (outcome: SecretAccess['outcome']) =>
        onAccess({ name, provider: provider.name, outcome });
      const known = cached.get(reference);
      if (known && known.expiresAt > Date.now()) {
        report('cached');
        return known.value;
      }
      try {
        const value = await withTimeout(provider.getSecret(reference), READ_TIMEOUT_MS);
        addToCache(reference, value);
        report('read');
        return value;
      } catch (error) {
        cached.delete(reference);
        report(isDenied(error) ? 'denied' : 'failed');
        throw error;
      }
    },
  };
}

/** By name too: a custom provider may not be able to import the class. */
const isDenied = (error: unknown): boolean =>
  error instanceof SecretDeniedError ||
  (error instanceof Error && error.name === 'SecretDeniedError');
