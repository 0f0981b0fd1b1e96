import { createHash } from 'node:crypto';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { isSampled } from '@insightdesk/shared/tracing';

const MAX_PER_JOB = 50;

/**
 * Combines the message notifications of an organization in a batch into one job. Each notification
 * keeps its id, so a repeated batch may combine them differently. Sampled ones keep their own job.
 */
export function coalesceNotifications(requests: readonly JobRequest[]): JobRequest[] {
  const { single = [], many = [] } = Object.groupBy(requests, ({ job, trace }) =>
    job.name === notificationJobs.notifyOfMessage.name && !isSampled(trace) ? 'many' : 'single',
  );
  const byTenant = Map.groupBy(many, ({ tenantId }) => tenantId);
  const combined = [...byTenant.values()].flatMap((own) => chunksOf(own).map(combine));
  return [...single, ...combined];
}

/** Coalesces unless a worker of a release that does not know the combined job is running. */
export const createCoalescer =
  (hasOlderWorkers: () => Promise<boolean>) =>
  async (requests: readonly JobRequest[]): Promise<JobRequest[]> => {
    const coalesced = coalesceNotifications(requests);
    const isShorter = coalesced.length < requests.length;
    return isShorter && (await hasOlderWorkers()) ? [...requests] : coalesced;
  };

const chunksOf = (requests: readonly JobRequest[]) =>
  Array.from({ length: Math.ceil(requests.length / MAX_PER_JOB) }, (_, n) =>
    requests.slice(n * MAX_PER_JOB, (n + 1) * MAX_PER_JOB),
  );

function combine(requests: JobRequest[]): JobRequest {
  const newest = requests.at(-1) as JobRequest;
  if (requests.length === 1) return newest;
  const notices = requests.map(({ id, requestId, payload }) => ({
    id,
    requestId,
    notice: payload,
  }));
  return jobFor(newest, notificationJobs.notifyOfMessages, { notices } as never, {
    suffix: hashOfIds(requests),
  });
}

/** Distinguishes combined jobs with the same newest notification. */
const hashOfIds = (requests: readonly JobRequest[]) =>
  createHash('sha256')
    .update(requests.map(({ id }) => id).join())
    .digest('base64url')
    .slice(0, 22);
