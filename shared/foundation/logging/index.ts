/** Structured logs: one line per fact, correlated without passing anything by hand. */
export {
  addContext,
  currentContext,
  isWithinWork,
  type LogContext,
  withContext,
} from './context.ts';
export {
  createLogger,
  flush,
  type Logger,
  type LoggingOptions,
  type LogTransport,
} from './create-logger.ts';
export { type CustomTransport, loadTransports } from './custom-transport.ts';
export { createFileTransport, type FileTransportOptions } from './file-transport.ts';
export { redact, scrub } from './redaction.ts';
export type { ObserveLine } from './told.ts';
export { createWebhookTransport, type WebhookTransportOptions } from './webhook-transport.ts';
