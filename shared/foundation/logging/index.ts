/** Structured logs, correlated through AsyncLocalStorage. */

export { createLogger, flush, type Logger, type LogTransport } from './create-logger.ts';
export { loadTransports } from './custom-transport.ts';
export { createFileTransport } from './file-transport.ts';
export {
  addContext,
  currentContext,
  hasContext,
  type LogContext,
  withContext,
} from './log-context.ts';
export type { LineObserver } from './redact-arguments.ts';
export { redact, scrub } from './redaction.ts';
export { createWebhookTransport } from './webhook-transport.ts';
