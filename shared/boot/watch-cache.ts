import type { CacheSource } from '@insightdesk/shared/cache';
import type { Metrics } from '@insightdesk/shared/monitoring';

/** Shows what the cache was asked for, and how it answered. */
export function watchCache(metrics: Metrics, cache: CacheSource): void {
  metrics.total({
    name: 'cache_requests_total',
    help: 'Values that the cache was asked for; stale ones had expired, and nothing else was there',
    read() {
      const { hits, misses, stale } = cache.getStats();
      return [
        [{ outcome: 'hit' }, hits],
        [{ outcome: 'miss' }, misses],
        [{ outcome: 'stale' }, stale],
      ];
    },
  });
  metrics.level({
    name: 'cache_values',
    help: 'Values in the memory of this process',
    read: () => cache.getStats().size,
  });
}
