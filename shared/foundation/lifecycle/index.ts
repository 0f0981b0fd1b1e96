/** Ordered start, reverse stop, timeouts, rollback. */

export { type ApplicationLifecycle, createLifecycle } from './create-lifecycle.ts';
export { findAvailablePort } from './find-available-port.ts';
