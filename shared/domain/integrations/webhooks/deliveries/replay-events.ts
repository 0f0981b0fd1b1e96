import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import type { z } from 'zod';
import { matchesFilterSql } from '../event-filters.ts';
import type { replayEventsJob } from '../jobs.ts';
import { distinctDeliveryQueues, enqueueDelivery } from './delivery-queue.ts';

const PAGE = 500;

/** Creates the deliveries of past events of a webhook anew, page by page, and enqueues them. */
export async function replayEvents(
  _ctx: Context,
  { webhookId, since, until }: z.output<typeof replayEventsJob.payload>,
  run: JobRun,
): Promise<void> {
  for (let after = 0; ; ) {
    const from = after;
    const page = await run.once(`after-${from}`, (tx) => resetDeliveries(tx, from));
    await run.enqueue(page.queues.map((queue) => enqueueDelivery(run, queue, String(from))));
    if (page.count < PAGE) return;
    after = page.last;
  }

  async function resetDeliveries(tx: Tx, from: number) {
    const rows = await tx.execute(sql`
      insert into webhook_deliveries as d (tenant_id, webhook_id, event_id, position, ordering_key)
      select e.tenant_id, w.id, e.event_id, e.position, e.ordering_key
      from webhook_events e join webhooks w on w.tenant_id = e.tenant_id
      where e.tenant_id = ${toUuid(run.tenantId)} and w.id = ${toUuid(webhookId)} and w.enabled
        and e.at >= ${since}::timestamptz and e.at < ${until}::timestamptz
        and e.position > ${from} and ${matchesFilterSql}
      order by e.position limit ${PAGE}
      on conflict (tenant_id, webhook_id, event_id) do update set
        status = 'waiting', attempts = 0, replay_count = d.replay_count + 1,
        due_since = now(), next_attempt_at = now()
      returning position::int8 as position, webhook_id, ordering_key`);
    const last = Math.max(0, ...rows.map((row) => Number(row.position)));
    return { queues: distinctDeliveryQueues(rows), count: rows.length, last };
  }
}
