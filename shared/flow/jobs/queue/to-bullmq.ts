import { currentTraceparent } from '@insightdesk/shared/tracing';
import type { FlowJob, JobsOptions } from 'bullmq';
import type { ChildFailurePolicy, JobRequest } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { bullId } from '../definition/job-keys.ts';
import { unassignedRank } from '../definition/priority.ts';

/** A request as a single job of BullMQ. */
export function toBullJob(request: JobRequest) {
  const { job, id, tenantId, requestId, payload, delayMs, priority, dependsOn } = request;
  const trace = request.trace ?? currentTraceparent();
  const data: Envelope = {
    tenantId,
    requestId,
    payload,
    ...(trace && { trace }),
    ...(dependsOn && { onFailure: dependsOn.onFailure }),
  };
  return {
    name: job.name,
    data,
    opts: {
      jobId: bullId({ tenantId, id }),
      priority: unassignedRank(priority ?? job.priority),
      attempts: job.attempts,
      backoff: { type: 'exponential', delay: job.backoffMs, jitter: 0.5 },
      ...(delayMs !== undefined && { delay: Math.max(0, delayMs) }),
    } satisfies JobsOptions,
  };
}

const childOptions = {
  fail: { failParentOnFailure: true },
  ignore: { ignoreDependencyOnFailure: true },
  compensate: { ignoreDependencyOnFailure: true },
} satisfies Record<ChildFailurePolicy, JobsOptions>;

/** A request with its dependencies as a flow of BullMQ. */
export function toBullFlow(request: JobRequest, policy?: ChildFailurePolicy): FlowJob {
  const { opts, ...rest } = toBullJob(request);
  const { dependsOn } = request;
  return {
    ...rest,
    queueName: request.job.queue,
    opts: { ...opts, ...(policy && childOptions[policy]) },
    ...(dependsOn && {
      children: dependsOn.jobs.map((child) => toBullFlow(child, dependsOn.onFailure)),
    }),
  };
}
