import { join } from 'node:path';
import type { Config } from '@insightdesk/shared/config';
import { trackErrors, trackLoggedErrors } from '@insightdesk/shared/error-tracking';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';
import { createSentryTracker } from '@insightdesk/shared/sentry';

/** At the end of the process; a dead tracker must not hold it up. */
const DEADLINE_MS = 2_000;

/** Reports what goes wrong in this process, where a tracker is configured; else nothing is loaded. */
export async function openErrorTracking(
  { environment, service: { name: service, replica }, errors }: Config,
  metrics: Metrics,
) {
  if (!errors.dsn) return undefined;
  const counter = new Counter({
    name: 'error_reports_total',
    help: 'Errors reported, left out by the limit, taken and refused by the tracker',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const tracker = await createSentryTracker({
    dsn: errors.dsn,
    environment,
    release: errors.release ?? (await nameOfRelease()),
    service,
    replica,
    onOutcome: (outcome) => counter.inc({ outcome }),
  });
  trackErrors(tracker, (outcome) => counter.inc({ outcome }));
  return { observe: trackLoggedErrors, close: () => tracker.close(DEADLINE_MS) };
}

async function nameOfRelease(): Promise<string> {
  const { name, version } = await Bun.file(join(import.meta.dir, '../../package.json')).json();
  return `${name}@${version}`;
}
