import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, eq, lt, type SQL, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { deliverLane, fanOutEvents, type replayEvents } from './jobs.ts';
import { webhookDeliveries as deliveries } from './tables.ts';

/** How long events and their log are kept for replays. */
export const KEPT_DAYS = 30;
const PAGE = 500;
const OVERDUE_MS = 10 * 60_000;
const OVERDUE_PAGE = 100;

interface Lane {
  webhookId: Id<'whk'>;
  lane: string;
  eventId?: Id<'evt'>;
}

/** Lays new events into the lanes of the webhooks that want them, and wakes those lanes. */
export async function fanOut(ctx: Context, _nothing: object, run: JobRun): Promise<void> {
  const { lanes, isFull } = await run.once('fan-out', (tx) => spread(tx, run.tenantId));
  await run.enqueue(lanes.map((lane) => wake(run, lane)));
  if (isFull) await run.enqueue([jobFor(run, fanOutEvents, {}, { suffix: 'more' })]);
  const overdue = await withTenant(ctx, async (tenant) => {
    await forget(tenant);
    return findOverdue(tenant);
  });
  await run.enqueue(overdue.map((one) => wake(run, one, `overdue-${one.eventId}`)));
}

/** Deliveries whose job must have been lost, with all of Valkey perhaps. */
const findOverdue = ({ tx, tenantId }: TenantContext) =>
  tx
    .select({
      webhookId: deliveries.webhookId,
      lane: deliveries.lane,
      eventId: deliveries.eventId,
    })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.tenantId, tenantId),
        eq(deliveries.status, 'waiting'),
        lt(deliveries.nextAttemptAt, new Date(Date.now() - OVERDUE_MS)),
      ),
    )
    .orderBy(asc(deliveries.position))
    .limit(OVERDUE_PAGE);

async function spread(tx: Tx, tenantId: Id<'org'>) {
  // Another run that is at it is waited for; what it took is not taken again.
  const taken = await tx.execute(sql`
    with next as (
      select event_id from webhook_events
      where tenant_id = ${toUuid(tenantId)} and fanned_out_at is null
      order by position limit ${PAGE} for update
    )
    update webhook_events e set fanned_out_at = now() from next
    where e.tenant_id = ${toUuid(tenantId)} and e.event_id = next.event_id
    returning e.event_id`);
  const eventIds = taken.map((row) => row.event_id as string);
  if (eventIds.length === 0) return { lanes: [], isFull: false };
  const rows = await tx.execute(sql`
    insert into webhook_deliveries (tenant_id, webhook_id, event_id, position, lane)
    select e.tenant_id, w.id, e.event_id, e.position, e.lane
    from webhook_events e join webhooks w on w.tenant_id = e.tenant_id and w.enabled
    where e.tenant_id = ${toUuid(tenantId)} and e.event_id in ${uuids(eventIds)} and ${passesSql}
    on conflict do nothing
    returning webhook_id, lane`);
  return { lanes: distinct(rows), isFull: eventIds.length === PAGE };
}

/** Lays past events into a webhook's lanes again, page by page. */
export async function replay(
  _ctx: Context,
  { webhookId, since, until }: z.output<typeof replayEvents.payload>,
  run: JobRun,
): Promise<void> {
  for (let after = 0; ; ) {
    const from = after;
    const page = await run.once(`after-${from}`, (tx) => lay(tx, from));
    await run.enqueue(page.lanes.map((lane) => wake(run, lane, String(from))));
    if (page.count < PAGE) return;
    after = page.last;
  }

  async function lay(tx: Tx, from: number) {
    const rows = await tx.execute(sql`
      insert into webhook_deliveries as d (tenant_id, webhook_id, event_id, position, lane)
      select e.tenant_id, w.id, e.event_id, e.position, e.lane
      from webhook_events e join webhooks w on w.tenant_id = e.tenant_id
      where e.tenant_id = ${toUuid(run.tenantId)} and w.id = ${toUuid(webhookId)} and w.enabled
        and e.at >= ${since}::timestamptz and e.at < ${until}::timestamptz
        and e.position > ${from} and ${passesSql}
      order by e.position limit ${PAGE}
      on conflict (tenant_id, webhook_id, event_id) do update set
        status = 'waiting', attempts = 0, round = d.round + 1,
        due_since = now(), next_attempt_at = now()
      returning position::int8 as position, webhook_id, lane`);
    const last = Math.max(0, ...rows.map((row) => Number(row.position)));
    return { lanes: distinct(rows), count: rows.length, last };
  }
}

/** The job that delivers what waits in a lane. */
export function wake(cause: Parameters<typeof jobFor>[0], lane: Lane, more = ''): JobRequest {
  const suffix = [lane.webhookId, lane.lane, more].filter(Boolean).join('-');
  return jobFor(cause, deliverLane, lane, { suffix });
}

const forget = ({ tx, tenantId }: TenantContext) =>
  tx.execute(sql`delete from webhook_events
    where tenant_id = ${toUuid(tenantId)} and at < now() - make_interval(days => ${KEPT_DAYS})`);

/** Whether the webhook \`w\` wants the event \`e\`; see `passes`. */
const passesSql: SQL = sql`exists (
  select from unnest(w.events) f
  where f = '*' or f = e.type or (f like '%.*' and starts_with(e.type, left(f, -1))))`;

const uuids = (ids: string[]) =>
  sql`(${sql.join(
    ids.map((id) => sql`${id}::uuid`),
    sql`, `,
  )})`;

function distinct(rows: readonly Record<string, unknown>[]): Lane[] {
  const lanes = rows.map(({ webhook_id, lane }) => ({
    webhookId: fromUuid('whk', webhook_id as string),
    lane: lane as string,
  }));
  return [...new Map(lanes.map((one) => [`${one.webhookId} ${one.lane}`, one])).values()];
}
