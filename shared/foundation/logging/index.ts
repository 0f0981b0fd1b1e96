/** Structured logs: one line per fact, correlated without passing anything by hand. */
export { addContext, currentContext, type LogContext, withContext } from './context.ts';
export {
  createLogger,
  flush,
  type Logger,
  type LoggingOptions,
  type LogTransport,
  startTimer,
} from './create-logger.ts';
export { createWebhookTransport, type WebhookTransportOptions } from './webhook-transport.ts';
