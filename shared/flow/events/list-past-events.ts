import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { RecordedEvent } from './define-event.ts';
import { toEvent } from './outbox.ts';

/** Selects events recorded from `since` on, before `until`. */
export interface PastEventsQuery {
  since: Date;
  until?: Date;
  tenantId?: Id<'org'>;
}

const TIMEOUT_MS = 60_000;

/**
 * Lists relayed and dead-lettered events in pages, in recording order, on a connection of its own.
 */
export async function* listPastEvents(
  url: string,
  { since, until = new Date(), tenantId }: PastEventsQuery,
  pageSize = 500,
): AsyncGenerator<RecordedEvent[]> {
  const sql = connect(url, { timeoutMs: TIMEOUT_MS });
  try {
    // The sum keeps the planner from scanning the primary key from its start.
    const [range] = await sql`
      select min(position + 0)::int8 as first, max(position + 0)::int8 as last from outbox
      where created_at >= ${since} and created_at < ${until}`;
    if (range?.first == null) return;
    const { last } = range;
    for (let after = Number(range.first) - 1; ; ) {
      const rows = await sql`
        select position::int8 as position, tenant_id, event_id, name, version, payload, request_id,
          created_at
        from outbox
        where position > ${after}::int8 and position <= ${last}::int8
          and created_at >= ${since} and created_at < ${until} and relayed_at is not null
          ${tenantId ? sql`and tenant_id = ${toUuid(tenantId)}` : sql``}
        order by position limit ${pageSize}`;
      if (rows.length > 0) yield rows.map(toEvent);
      if (rows.length < pageSize) return;
      after = Number(rows.at(-1)?.position);
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}
