import type { Config } from '@insightdesk/shared/config';
import { createLogger, createWebhookTransport, flush } from '@insightdesk/shared/logging';

/** At the end of the process; a dead address must not hold it up. */
const WEBHOOK_DEADLINE_MS = 2_000;

/** The service's log with the transports that are configured. */
export function openLog({ service: { name: service, replica }, logging }: Config) {
  const webhook =
    logging.webhook &&
    createWebhookTransport({
      ...logging.webhook,
      onLost: (lines, reason) =>
        log.warn({ lines, reason: String(reason) }, 'log: lines did not reach the webhook'),
    });
  const log = createLogger(logging, { service, replica }, undefined, webhook ? [webhook] : []);
  const closeLog = async () => {
    await webhook?.close?.(WEBHOOK_DEADLINE_MS);
    await flush(log);
  };
  return { log, closeLog };
}
