/** Ordered start, reverse stop, deadlines, roll-back. */
export { findAvailablePort } from './find-available-port.ts';
export {
  type ApplicationLifecycle,
  createLifecycle,
  type HookStatus,
  type LifecycleState,
  type Running,
} from './lifecycle.ts';
