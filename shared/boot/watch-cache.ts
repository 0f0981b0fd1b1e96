import type { CacheSource } from '@insightdesk/shared/cache';
import type { Metrics } from '@insightdesk/shared/monitoring';

/** Exports cache metrics. */
export function watchCache(metrics: Metrics, cache: CacheSource): void {
  metrics.counter({
    name: 'cache_requests_total',
    help: 'Cache lookups by outcome; stale values had expired and were served anyway',
    read() {
      const { hits, misses, stale } = cache.getStats();
      return [
        [{ outcome: 'hit' }, hits],
        [{ outcome: 'miss' }, misses],
        [{ outcome: 'stale' }, stale],
      ];
    },
  });
  metrics.gauge({
    name: 'cache_values',
    help: 'Values in the memory cache of this process',
    read: () => cache.getStats().size,
  });
}
