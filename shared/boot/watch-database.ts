import type { Database } from '@insightdesk/shared/database';
import { Gauge, type Metrics } from '@insightdesk/shared/monitoring';

/** Shows the database's own figures among the metrics, read when they are asked for. */
export function watchDatabase(registry: Metrics, database: Database): void {
  new Gauge({
    name: 'database_figures',
    help: 'Queries, waits and times (ms) of the database access since start',
    labelNames: ['figure'],
    registers: [registry],
    collect() {
      for (const [figure, value] of Object.entries(database.getStats())) {
        this.set({ figure }, value);
      }
    },
  });
}
