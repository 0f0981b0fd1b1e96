/** Values that may be a moment old: in memory, shared through Valkey, invalidated everywhere at once. */
export type { Cache, CacheSource, CacheStats, MemoizeOptions, SetOptions } from './cache.ts';
export { type CacheOptions, createCache } from './create-cache.ts';
export { purgeTenant } from './purge-tenant.ts';
