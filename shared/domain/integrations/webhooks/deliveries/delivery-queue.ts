import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { deliverInOrderJob } from '../jobs.ts';

/** Deliveries to one webhook that are sent one after another. */
export interface DeliveryQueue {
  webhookId: Id<'whk'>;
  orderingKey: string;
}

/** The job that sends the waiting deliveries of a queue. */
export function enqueueDelivery(
  cause: Parameters<typeof jobFor>[0],
  queue: DeliveryQueue & { eventId?: Id<'evt'> },
  more = '',
): JobRequest {
  const suffix = [queue.webhookId, queue.orderingKey, more].filter(Boolean).join('-');
  return jobFor(cause, deliverInOrderJob, queue, { suffix });
}

/** The queues of these rows of `webhook_deliveries`. */
export function distinctDeliveryQueues(rows: readonly Record<string, unknown>[]): DeliveryQueue[] {
  const queues = rows.map(({ webhook_id, ordering_key }) => ({
    webhookId: fromUuid('whk', webhook_id as string),
    orderingKey: ordering_key as string,
  }));
  const byName = new Map(queues.map((queue) => [`${queue.webhookId} ${queue.orderingKey}`, queue]));
  return [...byName.values()];
}
