/** Values that may be a moment old: in memory, shared through Valkey, dropped everywhere at once. */
export type { Cache, CacheSource, CacheStats, MemoizeOptions, SetOptions } from './cache.ts';
export { type CacheOptions, createCache } from './create-cache.ts';
