import { join } from 'node:path';
import type { Config } from '@insightdesk/shared/config';
import { reportLoggedErrors, setErrorTracker } from '@insightdesk/shared/error-tracking';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';
import { createSentryTracker } from '@insightdesk/shared/sentry';

/** A tracker that hangs does not delay the shutdown further. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Starts error tracking if it is configured; otherwise no tracking code is loaded. */
export async function openErrorTracking(
  { environment, service: { name: service, replica }, errors }: Config,
  metrics: Metrics,
) {
  if (!errors.dsn) return undefined;
  const counter = new Counter({
    name: 'error_reports_total',
    help: 'Errors by outcome: reported, dropped by the rate limit, accepted or refused by the tracker',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const tracker = await createSentryTracker({
    dsn: errors.dsn,
    environment,
    release: errors.release ?? (await readReleaseName()),
    service,
    replica,
    onOutcome: (outcome) => counter.inc({ outcome }),
  });
  setErrorTracker(tracker, (outcome) => counter.inc({ outcome }));
  return { observe: reportLoggedErrors, close: () => tracker.close(CLOSE_TIMEOUT_MS) };
}

async function readReleaseName(): Promise<string> {
  const { name, version } = await Bun.file(join(import.meta.dir, '../../package.json')).json();
  return `${name}@${version}`;
}
