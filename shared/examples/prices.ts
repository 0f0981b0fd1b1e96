import type { CacheSource } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';

type Prices = Map<string, number>;

/** Prices of an organisation's articles, many at a time; only what the cache lacks is looked up. */
export function createPrices(
  cache: CacheSource,
  tenantId: Id<'org'>,
  load: (articles: string[]) => Promise<Prices>,
) {
  const known = cache.forTenant(tenantId).namespace('prices');
  return {
    async find(articles: string[]): Promise<Prices> {
      const kept = await known.getMultiple<number>(articles);
      const missing = articles.filter((article) => !kept.has(article));
      const loaded = missing.length > 0 ? await load(missing) : new Map<string, number>();
      await known.setMultiple(loaded, { ttlSeconds: 300 });
      return new Map([...kept, ...loaded]);
    },
    /** Once their new prices are committed. */
    forget: (articles: string[]) => known.deleteMultiple(articles),
  };
}
