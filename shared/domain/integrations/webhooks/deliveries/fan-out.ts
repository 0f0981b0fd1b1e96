import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { matches, type Tx } from '@insightdesk/shared/database';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, lt, sql } from 'drizzle-orm';
import { matchesFilterSql } from '../event-filters.ts';
import { fanOutJob } from '../jobs.ts';
import { webhookDeliveries as deliveries } from '../tables.ts';
import { distinctDeliveryQueues, enqueueDelivery } from './delivery-queue.ts';
import { RETENTION_DAYS } from './retry-delays.ts';

const PAGE = 500;
const OVERDUE_MS = 10 * 60_000;
const OVERDUE_PAGE = 100;

/** Creates the deliveries of new events for the webhooks whose filters match, and enqueues them. */
export async function fanOut(ctx: Context, _payload: object, run: JobRun): Promise<void> {
  const { queues, hasMore } = await run.once('fan-out', (tx) => createDeliveries(tx, run.tenantId));
  await run.enqueue(queues.map((queue) => enqueueDelivery(run, queue)));
  if (hasMore) await run.enqueue([jobFor(run, fanOutJob, {}, { suffix: 'more' })]);
  const overdue = await withTenant(ctx, async (tenant) => {
    await deleteOldEvents(tenant);
    return findOverdue(tenant);
  });
  await run.enqueue(
    overdue.map((delivery) => enqueueDelivery(run, delivery, `overdue-${delivery.eventId}`)),
  );
}

/** Deliveries that are due but whose job is lost, for example with all data of Valkey. */
const findOverdue = ({ tx, tenantId }: TenantContext) =>
  tx
    .select({
      webhookId: deliveries.webhookId,
      orderingKey: deliveries.orderingKey,
      eventId: deliveries.eventId,
    })
    .from(deliveries)
    .where(
      and(
        matches(deliveries, { tenantId, status: 'waiting' }),
        lt(deliveries.nextAttemptAt, new Date(Date.now() - OVERDUE_MS)),
      ),
    )
    .orderBy(asc(deliveries.position))
    .limit(OVERDUE_PAGE);

async function createDeliveries(tx: Tx, tenantId: Id<'org'>) {
  // A concurrent run is waited for; its events are not claimed again.
  const claimed = await tx.execute(sql`
    with next as (
      select event_id from webhook_events
      where tenant_id = ${toUuid(tenantId)} and fanned_out_at is null
      order by position limit ${PAGE} for update
    )
    update webhook_events e set fanned_out_at = now() from next
    where e.tenant_id = ${toUuid(tenantId)} and e.event_id = next.event_id
    returning e.event_id`);
  const eventIds = claimed.map((row) => row.event_id as string);
  if (eventIds.length === 0) return { queues: [], hasMore: false };
  const rows = await tx.execute(sql`
    insert into webhook_deliveries (tenant_id, webhook_id, event_id, position, ordering_key)
    select e.tenant_id, w.id, e.event_id, e.position, e.ordering_key
    from webhook_events e join webhooks w on w.tenant_id = e.tenant_id and w.enabled
    where e.tenant_id = ${toUuid(tenantId)} and e.event_id in ${uuids(eventIds)}
      and ${matchesFilterSql}
    on conflict do nothing
    returning webhook_id, ordering_key`);
  return { queues: distinctDeliveryQueues(rows), hasMore: eventIds.length === PAGE };
}

const deleteOldEvents = ({ tx, tenantId }: TenantContext) =>
  tx.execute(sql`delete from webhook_events
    where tenant_id = ${toUuid(tenantId)} and at < now() - make_interval(days => ${RETENTION_DAYS})`);

const uuids = (ids: string[]) =>
  sql`(${sql.join(
    ids.map((id) => sql`${id}::uuid`),
    sql`, `,
  )})`;
