/** Values that may be a moment old: in memory, shared through Valkey, invalidated everywhere at once. */
export type { Cache, CacheSource } from './cache.ts';
export { createCache } from './create-cache.ts';
export { purgeTenant } from './purge-tenant.ts';
