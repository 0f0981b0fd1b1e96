import { AsyncLocalStorage } from 'node:async_hooks';

/** What ties the log lines of one piece of work together. Nothing but logging reads it. */
export interface LogContext {
  requestId?: string;
  traceId?: string;
  tenantId?: string;
  actor?: string;
  job?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work`; every line it logs, however deep, carries `context` and what was around it. */
export function withContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

/** Adds what the work under way has learned about itself; outside of any it does nothing. */
export function addContext(context: LogContext): void {
  const around = storage.getStore();
  if (around) Object.assign(around, context);
}

/** The correlation of the work under way; empty outside of any. */
export const currentContext = (): LogContext => storage.getStore() ?? {};

/** Whether there is work under way that lines and errors belong to. */
export const isWithinWork = (): boolean => storage.getStore() !== undefined;
