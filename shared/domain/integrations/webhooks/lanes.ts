import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { type SQL, sql } from 'drizzle-orm';
import { deliverLane } from './jobs.ts';

/** Deliveries to one webhook that go out one after another. */
export interface Lane {
  webhookId: Id<'whk'>;
  lane: string;
}

/** The job that delivers what waits in a lane. */
export function wake(
  cause: Parameters<typeof jobFor>[0],
  lane: Lane & { eventId?: Id<'evt'> },
  more = '',
): JobRequest {
  const suffix = [lane.webhookId, lane.lane, more].filter(Boolean).join('-');
  return jobFor(cause, deliverLane, lane, { suffix });
}

/** Whether the webhook \`w\` wants the event \`e\`; see `passes`. */
export const passesSql: SQL = sql`exists (
  select from unnest(w.events) f
  where f = '*' or f = e.type or (f like '%.*' and starts_with(e.type, left(f, -1))))`;

/** The lanes that rows of deliveries lie in. */
export function distinctLanes(rows: readonly Record<string, unknown>[]): Lane[] {
  const lanes = rows.map(({ webhook_id, lane }) => ({
    webhookId: fromUuid('whk', webhook_id as string),
    lane: lane as string,
  }));
  return [...new Map(lanes.map((one) => [`${one.webhookId} ${one.lane}`, one])).values()];
}
