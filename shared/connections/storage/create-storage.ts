import { ConfigurationError } from '@insightdesk/shared/errors';
import { withRules } from './keys.ts';
import { LocalStorage } from './local-storage.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { StorageProvider } from './provider.ts';
import { createUrlSigner, type UrlSigner } from './url-signer.ts';

/** The slice of configuration that storage takes. */
export interface StorageConfig {
  provider: string;
  directory: string;
  maxFileBytes: number;
}

/** What a provider may need beside its configuration. */
export interface StorageParts {
  /** Signs addresses that our own API serves. */
  signer: UrlSigner;
}

export type ProviderFactory = (config: StorageConfig, parts: StorageParts) => StorageProvider;

const providers = new Map<string, ProviderFactory>([
  ['local', ({ directory }, { signer }) => new LocalStorage(directory, signer)],
  ['memory', (_, { signer }) => new MemoryStorage(signer)],
]);

/** Adds a provider of one's own by name, before `createStorage`; throws when the name is taken. */
export function registerProvider(name: string, factory: ProviderFactory): void {
  if (providers.has(name)) throw new ConfigurationError(`A storage ${name} is known already`);
  providers.set(name, factory);
}

/** Opens the configured storage; throws ConfigurationError for one that nobody registered. */
export function createStorage(config: StorageConfig, parts: StorageParts): StorageProvider {
  const create = providers.get(config.provider);
  if (create) return withRules(create(config, parts), config);
  const names = [...providers.keys()].join(', ');
  throw new ConfigurationError(`Unknown storage provider, expected one of: ${names}`);
}

/** An empty storage that lives and dies with the process; the fake for tests. */
export function createMemoryStorage({
  maxFileBytes = Number.MAX_SAFE_INTEGER,
  signer = createUrlSigner({ secret: crypto.randomUUID(), publicUrl: 'http://localhost' }),
}: {
  maxFileBytes?: number;
  signer?: UrlSigner;
} = {}): StorageProvider {
  return withRules(new MemoryStorage(signer), { maxFileBytes });
}
