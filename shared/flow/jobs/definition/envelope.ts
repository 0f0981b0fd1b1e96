import type { ChildFailurePolicy } from './define-job.ts';

/** The data of a job in Valkey. Releases share it: only add optional fields. */
export interface Envelope {
  tenantId: string;
  requestId: string;
  payload: unknown;
  onFailure?: ChildFailurePolicy;
  /** `traceparent` of the cause. */
  trace?: string;
  /** Who cancelled the job; it then fails without running. */
  cancelledBy?: string;
}
