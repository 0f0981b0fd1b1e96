import type { Config } from '@insightdesk/shared/config';
import type { Database } from '@insightdesk/shared/database';
import { type Load, watchLoad } from '@insightdesk/shared/http';
import type { Logger } from '@insightdesk/shared/logging';
import type { Metrics } from '@insightdesk/shared/monitoring';

interface Watched {
  config: Pick<Config, 'rateLimit' | 'loadShedding'>;
  database: Pick<Database, 'getStats'>;
  metrics: Metrics;
  log: Logger;
}

/** Whether the service has more to do than it can; undefined where every limit is switched off. */
export function loadOf({ config, database, metrics, log }: Watched): Load | undefined {
  const isLimited = config.rateLimit.maxRequests > 0;
  const load = isLimited
    ? watchLoad({
        limits: config.loadShedding,
        waitMs: () => database.getStats().oldestWaitMs,
        onChange: (isShedding, sample) =>
          log.warn(sample, isShedding ? 'load: requests are turned away' : 'load: back to normal'),
      })
    : undefined;
  metrics.level({
    name: 'load_shedding',
    help: 'Whether requests are turned away because there is too much to do',
    read: () => Number(load?.isShedding ?? false),
  });
  return load;
}
