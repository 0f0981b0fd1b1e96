import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, eq, lt, sql } from 'drizzle-orm';
import { fanOutEvents } from './jobs.ts';
import { distinctLanes, passesSql, wake } from './lanes.ts';
import { KEPT_DAYS } from './schedule.ts';
import { webhookDeliveries as deliveries } from './tables.ts';

const PAGE = 500;
const OVERDUE_MS = 10 * 60_000;
const OVERDUE_PAGE = 100;

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
  return { lanes: distinctLanes(rows), isFull: eventIds.length === PAGE };
}

const forget = ({ tx, tenantId }: TenantContext) =>
  tx.execute(sql`delete from webhook_events
    where tenant_id = ${toUuid(tenantId)} and at < now() - make_interval(days => ${KEPT_DAYS})`);

const uuids = (ids: string[]) =>
  sql`(${sql.join(
    ids.map((id) => sql`${id}::uuid`),
    sql`, `,
  )})`;
