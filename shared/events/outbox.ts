import { fromUuid } from '@insightdesk/shared/utils';
import type { Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';

/** The oldest events that have not been relayed, in the order in which they were recorded. */
export async function waitingEvents(sql: Sql, limit: number): Promise<RecordedEvent[]> {
  const rows = await sql`
    select position::int8 as position, tenant_id, event_id, name, payload, request_id, created_at
    from outbox where relayed_at is null order by position limit ${limit}`;
  return rows.map((row) => ({
    id: fromUuid('evt', row.event_id),
    position: Number(row.position),
    tenantId: fromUuid('org', row.tenant_id),
    requestId: row.request_id,
    name: row.name,
    payload: row.payload,
    at: row.created_at.toISOString(),
  }));
}

/** Marks events as told. */
export async function markRelayed(sql: Sql, events: RecordedEvent[]): Promise<void> {
  const positions = events.map(({ position }) => position);
  await sql`update outbox set relayed_at = now() where position = any(${positions}::int8[])`;
}

/** Sets one event aside with the reason. */
export async function markFailed(sql: Sql, position: number, failure: string): Promise<void> {
  await sql`update outbox set relayed_at = now(), failure = ${failure.slice(0, 1000)}
    where position = ${position}`;
}
