import { resolve } from 'node:path';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import type { StorageProvider } from './storage-provider.ts';
import type { UrlSigner } from './url-signer.ts';

/** All environment variables, for custom providers. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a provider may need besides its configuration. */
export interface StorageDependencies {
  /** Signs URLs that the API serves. */
  signer: UrlSigner;
}

/** The default export of a module that `STORAGE_MODULE` names. */
export type ProviderFactory = (
  config: { maxFileBytes: number; variables: Variables },
  dependencies: StorageDependencies,
) => StorageProvider;

const method = z.custom((value) => typeof value === 'function', 'Expected a function');
const providerSchema = z.looseObject({
  upload: method,
  download: method,
  metadata: method,
  exists: method,
  list: method,
  copy: method,
  delete: method,
  signDownload: method,
  signUpload: method,
} satisfies Record<keyof StorageProvider, z.ZodType>);

/** Creates the provider of a module; throws ConfigurationError when the module has none. */
export function loadProvider(
  { module, ...config }: { module: string; maxFileBytes: number; variables: Variables },
  dependencies: StorageDependencies,
): StorageProvider {
  try {
    const { default: createProvider } = require(resolve(module)) as { default: ProviderFactory };
    if (typeof createProvider !== 'function') throw new Error('The default export is no function');
    const provider = createProvider(config, dependencies);
    const result = providerSchema.safeParse(provider);
    if (!result.success) throw new Error(z.prettifyError(result.error));
    return provider;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`STORAGE_MODULE: ${module} is not a storage provider: ${reason}`, {
      cause,
    });
  }
}
