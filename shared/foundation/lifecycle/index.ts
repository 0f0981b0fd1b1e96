/** Ordered start, reverse stop, timeouts, rollback. */

export {
  type ApplicationLifecycle,
  createLifecycle,
  type HookStatus,
  type LifecyclePart,
  type LifecycleState,
} from './create-lifecycle.ts';
export { findAvailablePort } from './find-available-port.ts';
