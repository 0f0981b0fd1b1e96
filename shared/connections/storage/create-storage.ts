import { ConfigurationError } from '@insightdesk/shared/errors';
import { withRules } from './keys.ts';
import { LocalStorage } from './local-storage.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { StorageProvider } from './provider.ts';

/** The slice of configuration that storage takes. */
export interface StorageConfig {
  provider: string;
  directory: string;
  maxFileBytes: number;
}

type ProviderFactory = (config: StorageConfig) => StorageProvider;

const builtIn: Record<string, ProviderFactory> = {
  local: ({ directory }) => new LocalStorage(directory),
  memory: () => new MemoryStorage(),
};

/** Opens the configured storage; `providers` adds others by name. Throws ConfigurationError. */
export function createStorage(
  config: StorageConfig,
  providers: Record<string, ProviderFactory> = {},
): StorageProvider {
  const known = { ...builtIn, ...providers };
  const create = Object.hasOwn(known, config.provider) ? known[config.provider] : undefined;
  if (create) return withRules(create(config), config);
  const names = Object.keys(known).join(', ');
  throw new ConfigurationError(`Unknown storage provider, expected one of: ${names}`);
}

/** An empty storage that lives and dies with the process; the fake for tests. */
export function createMemoryStorage(
  { maxFileBytes }: { maxFileBytes: number } = { maxFileBytes: Number.MAX_SAFE_INTEGER },
): StorageProvider {
  return createStorage({ provider: 'memory', directory: '', maxFileBytes });
}
