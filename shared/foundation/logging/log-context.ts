import { AsyncLocalStorage } from 'node:async_hooks';

/** Correlation of the log lines of one request, job or connection. Only logging reads it. */
export interface LogContext {
  requestId?: string;
  traceId?: string;
  tenantId?: string;
  actor?: string;
  job?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work`; every line it logs has `context` and the surrounding context. */
export function withContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

/** Adds fields to the current context; does nothing without one. */
export function addContext(context: LogContext): void {
  const current = storage.getStore();
  if (current) Object.assign(current, context);
}

/** The current context; empty without one. */
export const currentContext = (): LogContext => storage.getStore() ?? {};

/** Whether code runs within `withContext`. */
export const hasContext = (): boolean => storage.getStore() !== undefined;
