import { TechnicalError } from '@insightdesk/shared/errors';
import { SecretDeniedError, type SecretProvider } from './provider.ts';

/** That a secret was asked for; never what it is. */
export interface SecretAccess {
  /** Of the variable, or as the caller calls it. */
  name: string;
  provider: string;
  outcome: 'read' | 'cached' | 'denied' | 'failed';
}

export interface SecretsOptions {
  /** Asked in this order. */
  providers: readonly SecretProvider[];
  /** How long a value is remembered; after that it is read again. */
  ttlSeconds: number;
  /** Told of every access. */
  onAccess: (access: SecretAccess) => void;
}

/** Secrets by reference, from wherever they are kept. */
export interface Secrets {
  supportsSecret(reference: string): boolean;
  /** `name` is what the access is called; throws SecretDeniedError or TechnicalError. */
  getSecret(name: string, reference: string): Promise<string>;
}

const REMEMBERED = 1_000;

/** Puts the places where secrets are kept behind one door that remembers, counts and tells. */
export function createSecrets({ providers, ttlSeconds, onAccess }: SecretsOptions): Secrets {
  const held = new Map<string, { value: string; until: number }>();
  const find = (reference: string) => providers.find((one) => one.supportsSecret(reference));

  function remember(reference: string, value: string): void {
    const [oldest] = held.keys();
    if (held.size >= REMEMBERED && oldest !== undefined) held.delete(oldest);
    held.set(reference, { value, until: Date.now() + ttlSeconds * 1_000 });
  }

  return {
    supportsSecret: (reference) => find(reference) !== undefined,
    async getSecret(name, reference) {
      const provider = find(reference);
      if (!provider) throw new TechnicalError('nobody keeps such secrets');
      const tell = (outcome: SecretAccess['outcome']) =>
        onAccess({ name, provider: provider.name, outcome });
      const known = held.get(reference);
      if (known && known.until > Date.now()) {
        tell('cached');
        return known.value;
      }
      try {
        const value = await provider.getSecret(reference);
        remember(reference, value);
        tell('read');
        return value;
      } catch (error) {
        held.delete(reference);
        tell(error instanceof SecretDeniedError ? 'denied' : 'failed');
        throw error;
      }
    },
  };
}
