import type { Id } from '@insightdesk/shared/contract';
import type { CacheSource } from './cache.ts';

/** A context with an organization. */
interface CacheContext {
  cache: CacheSource;
  tenantId: Id<'org'>;
}

/** A value of the context's organization that `setCached` stored, while it is fresh. */
export const getCached = <T>({ cache, tenantId }: CacheContext, key: string) =>
  cache.forTenant(tenantId).get<T>(key);

/** Stores a value of the context's organization for this many seconds, in all processes. */
export const setCached = (
  { cache, tenantId }: CacheContext,
  key: string,
  value: unknown,
  ttlSeconds: number,
): Promise<void> => cache.forTenant(tenantId).set(key, value, { ttlSeconds });
