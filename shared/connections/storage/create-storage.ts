import { ConfigurationError } from '@insightdesk/shared/errors';
import { type AzureOptions, AzureStorage } from './azure/azure-storage.ts';
import { type CloudinaryOptions, CloudinaryStorage } from './cloudinary/cloudinary-storage.ts';
import { withValidation } from './with-validation.ts';
import { LocalStorage } from './local-storage.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { StorageProvider } from './storage-provider.ts';
import { type S3Options, S3Storage } from './s3/s3-storage.ts';
import { createUrlSigner, type UrlSigner } from './url-signer.ts';

/** The slice of configuration that storage takes. */
export type StorageConfig = { maxFileBytes: number } & (
  | { provider: 'local'; directory: string }
  | { provider: 'memory' }
  | ({ provider: 's3' } & S3Options)
  | ({ provider: 'azure' } & AzureOptions)
  | ({ provider: 'cloudinary' } & CloudinaryOptions)
  | { provider: 'custom'; name: string; variables: Variables }
);

/** All that the configuration was read from, for providers of one's own. */
type Variables = Readonly<Record<string, string | undefined>>;

/** What a provider may need beside its configuration. */
export interface StorageDependencies {
  /** Signs addresses that our own API serves. */
  signer: UrlSigner;
}

export type ProviderFactory = (
  config: { maxFileBytes: number; variables: Variables },
  parts: StorageDependencies,
) => StorageProvider;

const custom = new Map<string, ProviderFactory>();

/**
 * Adds a provider of one's own, which `STORAGE_PROVIDER=custom:<name>` chooses. Once, before
 * `createStorage`; throws ConfigurationError when the name is taken.
 */
export function registerProvider(name: string, factory: ProviderFactory): void {
  if (custom.has(name)) throw new ConfigurationError(`The storage ${name} is registered already`);
  custom.set(name, factory);
}

/** Opens the configured storage; throws ConfigurationError for one that nobody registered. */
export function createStorage(config: StorageConfig, parts: StorageDependencies): StorageProvider {
  return withValidation(open(config, parts), config);
}

function open(config: StorageConfig, parts: StorageDependencies): StorageProvider {
  switch (config.provider) {
    case 'local':
      return new LocalStorage(config.directory, parts.signer);
    case 'memory':
      return new MemoryStorage(parts.signer);
    case 's3':
      return new S3Storage(config);
    case 'azure':
      return new AzureStorage(config);
    case 'cloudinary':
      return new CloudinaryStorage(config);
    case 'custom':
      return requireCustom(config.name)(config, parts);
  }
}

function requireCustom(name: string): ProviderFactory {
  const factory = custom.get(name);
  if (factory) return factory;
  const known = [...custom.keys()].join(', ') || 'none';
  throw new ConfigurationError(`No storage ${name} is registered; registered: ${known}`);
}

/** An empty storage that lives and dies with the process; the fake for tests. */
export function createMemoryStorage({
  maxFileBytes = Number.MAX_SAFE_INTEGER,
  signer = createUrlSigner({ secret: crypto.randomUUID(), publicUrl: 'http://localhost' }),
}: {
  maxFileBytes?: number;
  signer?: UrlSigner;
} = {}): StorageProvider {
  return withValidation(new MemoryStorage(signer), { maxFileBytes });
}
