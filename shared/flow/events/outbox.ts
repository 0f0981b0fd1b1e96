import { fromUuid } from '@insightdesk/shared/contract';
import type { Row, Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';
import type { LogPositions } from './tables.ts';

/** A relayed event with the log positions of its publications. */
export type RelayedEvent = RecordedEvent & { logPositions: LogPositions };

/** The oldest events that are not relayed yet, except some, in the order they were recorded. */
export async function listPendingEvents(
  sql: Sql,
  limit: number,
  except: readonly number[] = [],
): Promise<RecordedEvent[]> {
  const rows = await sql`
    select position::int8 as position, tenant_id, event_id, name, version, payload, request_id,
      created_at, origin, trace
    from outbox where relayed_at is null and position <> all(${except as number[]}::int8[])
    order by position limit ${limit}`;
  return rows.map(toEvent);
}

/** The events relayed within the last seconds, newest first. */
export async function listRelayedEvents(
  sql: Sql,
  { limit, seconds }: { limit: number; seconds: number },
): Promise<RelayedEvent[]> {
  // The inner limit keeps the query from scanning the whole table when few events are recent.
  const rows = await sql`
    select position::int8 as position, tenant_id, event_id, name, version, payload, request_id,
      created_at, log_positions
    from (select * from outbox where relayed_at is not null
      order by position desc limit ${limit}) newest
    where log_positions is not null and relayed_at > now() - make_interval(secs => ${seconds})`;
  return rows.map((row) => ({ ...toEvent(row), logPositions: row.log_positions }));
}

export function toEvent(row: Row): RecordedEvent {
  return {
    id: fromUuid('evt', row.event_id),
    position: Number(row.position),
    tenantId: fromUuid('org', row.tenant_id),
    requestId: row.request_id,
    name: row.name,
    version: row.version,
    payload: row.payload,
    at: row.created_at.toISOString(),
    ...(row.origin && { origin: row.origin }),
    ...(row.trace && { trace: row.trace }),
  };
}

/** Marks events as relayed, with their log positions. */
export async function markRelayed(
  sql: Sql,
  events: RecordedEvent[],
  logPositions: readonly LogPositions[],
): Promise<void> {
  const positions = events.map(({ position }) => position);
  const texts = events.map((_, i) => JSON.stringify(logPositions[i] ?? {}));
  await sql`update outbox set relayed_at = now(), log_positions = relayed.log_positions::jsonb
    from unnest(${positions}::int8[], ${texts}::text[]) as relayed(position, log_positions)
    where outbox.position = relayed.position`;
}

/** Dead-letters an event with the reason. */
export async function markFailed(sql: Sql, position: number, failure: string): Promise<void> {
  await sql`update outbox set relayed_at = now(), failure = ${failure.slice(0, 1000)}
    where position = ${position}`;
}
