import type { ErrorTracker } from '@insightdesk/shared/error-tracking';
import { createTransportFactory } from './create-transport.ts';
import { toError, toScope } from './to-event.ts';

/** Whether the tracker accepted a report. */
export type SentryOutcome = 'accepted' | 'refused';

export interface SentryOptions {
  /** `https://<key>@<host>/<project>`. */
  dsn: string;
  environment: string;
  release: string;
  service: string;
  replica: string;
  onOutcome(outcome: SentryOutcome): void;
  /** For one report; 5 s. */
  timeoutMs?: number;
}

/**
 * Builds a client without global hooks into the process, fetch or traces. Loads the library on the
 * first call.
 */
export async function createSentryTracker(options: SentryOptions): Promise<ErrorTracker> {
  const { service, replica, onOutcome, timeoutMs = 5_000 } = options;
  const sentry = await import('@sentry/bun');
  const client = new sentry.BunClient({
    dsn: options.dsn,
    environment: options.environment,
    release: options.release,
    serverName: replica,
    stackParser: sentry.defaultStackParser,
    transport: createTransportFactory(sentry.createTransport, timeoutMs),
    integrations: [sentry.linkedErrorsIntegration({ limit: 10 })],
    sendClientReports: false,
  });
  client.on('afterSendEvent', (_, { statusCode = 0 }) =>
    onOutcome(statusCode >= 200 && statusCode < 300 ? 'accepted' : 'refused'),
  );
  client.init();
  return {
    report(report) {
      const scope = toScope(new sentry.Scope(), report, { service, replica });
      const mechanism = { type: 'generic', handled: report.level !== 'fatal' };
      const originalException = toError(report.error);
      client.captureException(originalException, { mechanism, originalException }, scope);
    },
    async close(deadlineMs) {
      await client.close(deadlineMs);
    },
  };
}
