import { type AzureOptions, AzureStorage } from './azure/azure-storage.ts';
import { type CloudinaryOptions, CloudinaryStorage } from './cloudinary/cloudinary-storage.ts';
import { loadProvider, type StorageDependencies, type Variables } from './load-provider.ts';
import { LocalStorage } from './local-storage.ts';
import { MemoryStorage } from './memory-storage.ts';
import { type S3Options, S3Storage } from './s3/s3-storage.ts';
import type { StorageProvider } from './storage-provider.ts';
import { createUrlSigner, type UrlSigner } from './url-signer.ts';
import { withValidation } from './with-validation.ts';

/** The storage configuration. */
export type StorageConfig = { maxFileBytes: number } & (
  | { provider: 'local'; directory: string }
  | { provider: 'memory' }
  | ({ provider: 's3' } & S3Options)
  | ({ provider: 'azure' } & AzureOptions)
  | ({ provider: 'cloudinary' } & CloudinaryOptions)
  | { provider: 'custom'; module: string; variables: Variables }
);

/**
 * Creates the configured storage; throws ConfigurationError for an invalid custom provider. A function
 * returns the current configuration: with another object, a new provider replaces the previous one.
 */
export function createStorage(
  config: StorageConfig | (() => StorageConfig),
  dependencies: StorageDependencies,
): StorageProvider {
  const current = typeof config === 'function' ? config : () => config;
  let created = { with: current(), provider: createProvider(current(), dependencies) };
  const provider = () => {
    const settings = current();
    if (created.with !== settings) {
      created = { with: settings, provider: createProvider(settings, dependencies) };
    }
    return created.provider;
  };
  return withValidation(provider, current());
}

function createProvider(config: StorageConfig, dependencies: StorageDependencies): StorageProvider {
  switch (config.provider) {
    case 'local':
      return new LocalStorage(config.directory, dependencies.signer);
    case 'memory':
      return new MemoryStorage(dependencies.signer);
    case 's3':
      return new S3Storage(config);
    case 'azure':
      return new AzureStorage(config);
    case 'cloudinary':
      return new CloudinaryStorage(config);
    case 'custom':
      return loadProvider(config, dependencies);
  }
}

/** Creates an empty in-memory storage for tests. */
export function createMemoryStorage({
  maxFileBytes = Number.MAX_SAFE_INTEGER,
  signer = createUrlSigner({ secret: crypto.randomUUID(), publicUrl: 'http://localhost' }),
}: {
  maxFileBytes?: number;
  signer?: UrlSigner;
} = {}): StorageProvider {
  const storage = new MemoryStorage(signer);
  return withValidation(() => storage, { maxFileBytes });
}
