import type { CacheSource } from '@insightdesk/shared/cache';
import { Gauge, type Metrics } from '@insightdesk/shared/monitoring';

/** Shows the cache's own figures among the metrics, read when they are asked for. */
export function watchCache(registry: Metrics, cache: CacheSource): void {
  new Gauge({
    name: 'cache_figures',
    help: 'Hits, misses, expired answers and values in memory since start',
    labelNames: ['figure'],
    registers: [registry],
    collect() {
      for (const [figure, value] of Object.entries(cache.getStats())) this.set({ figure }, value);
    },
  });
}
