import { createHash } from 'node:crypto';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { isSampled } from '@insightdesk/shared/tracing';

const MOST_TOGETHER = 50;

/**
 * Makes one job of those by which an organisation hears of the messages of a batch. What follows
 * from each message keeps its id, so they may come again in other company. A trace that somebody
 * looks at keeps the job of its own.
 */
export function gather(requests: readonly JobRequest[]): JobRequest[] {
  const { single = [], many = [] } = Object.groupBy(requests, ({ job, trace }) =>
    job.name === notificationJobs.notifyOfMessage.name && !isSampled(trace) ? 'many' : 'single',
  );
  const gathered = [...Map.groupBy(many, ({ tenantId }) => tenantId).values()].flatMap((own) =>
    chunksOf(own).map(together),
  );
  return [...single, ...gathered];
}

/** The same, unless a worker of a release that does not know such jobs may be handed one. */
export const createGather =
  (hasOlderWorkers: () => Promise<boolean>) =>
  async (requests: readonly JobRequest[]): Promise<JobRequest[]> => {
    const gathered = gather(requests);
    const isNeeded = gathered.length < requests.length;
    return isNeeded && (await hasOlderWorkers()) ? [...requests] : gathered;
  };

const chunksOf = (requests: readonly JobRequest[]) =>
  Array.from({ length: Math.ceil(requests.length / MOST_TOGETHER) }, (_, n) =>
    requests.slice(n * MOST_TOGETHER, (n + 1) * MOST_TOGETHER),
  );

function together(requests: JobRequest[]): JobRequest {
  const newest = requests.at(-1) as JobRequest;
  if (requests.length === 1) return newest;
  const notices = requests.map(({ id, requestId, payload }) => ({
    id,
    requestId,
    notice: payload,
  }));
  return jobFor(newest, notificationJobs.notifyOfMessages, { notices } as never, {
    suffix: nameOf(requests),
  });
}

/** Of exactly these: another selection is another job, even where the newest is the same. */
const nameOf = (requests: readonly JobRequest[]) =>
  createHash('sha256')
    .update(requests.map(({ id }) => id).join())
    .digest('base64url')
    .slice(0, 22);
