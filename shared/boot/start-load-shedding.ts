import type { Config } from '@insightdesk/shared/config';
import type { Database } from '@insightdesk/shared/database';
import { type LoadState, watchLoad } from '@insightdesk/shared/http';
import type { Logger } from '@insightdesk/shared/logging';
import type { Metrics } from '@insightdesk/shared/monitoring';

interface LoadSheddingOptions {
  config: Pick<Config, 'rateLimit' | 'loadShedding'>;
  database: Pick<Database, 'getStats'>;
  metrics: Metrics;
  log: Logger;
}

/** Watches the load of the service; undefined when rate limits are off. */
export function startLoadShedding({
  config,
  database,
  metrics,
  log,
}: LoadSheddingOptions): LoadState | undefined {
  const isLimited = config.rateLimit.maxRequests > 0;
  const load = isLimited
    ? watchLoad({
        limits: config.loadShedding,
        waitMs: () => database.getStats().oldestWaitMs,
        onChange: (isShedding, sample) =>
          log.warn(sample, isShedding ? 'load: shedding started' : 'load: shedding stopped'),
      })
    : undefined;
  metrics.gauge({
    name: 'load_shedding',
    help: 'Whether requests are rejected because of overload',
    read: () => Number(load?.isShedding ?? false),
  });
  return load;
}
