import { fromUuid } from '@insightdesk/shared/contract';
import type { Row, Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';
import type { Places } from './tables.ts';

/** An event that was told, and where. */
export type RelayedEvent = RecordedEvent & { places: Places };

/** The oldest events that have not been relayed but `except`, in the order in which they were recorded. */
export async function waitingEvents(
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

/** The newest events that were relayed within `seconds`, newest first, with where they went. */
export async function relayedEvents(
  sql: Sql,
  { limit, seconds }: { limit: number; seconds: number },
): Promise<RelayedEvent[]> {
  // Limited first: otherwise it would search a quiet outbox to its very beginning.
  const rows = await sql`
    select position::int8 as position, tenant_id, event_id, name, version, payload, request_id,
      created_at, places
    from (select * from outbox where relayed_at is not null
      order by position desc limit ${limit}) newest
    where places is not null and relayed_at > now() - make_interval(secs => ${seconds})`;
  return rows.map((row) => ({ ...toEvent(row), places: row.places }));
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

/** Marks events as told, with where each went. */
export async function markRelayed(
  sql: Sql,
  events: RecordedEvent[],
  places: readonly Places[],
): Promise<void> {
  const positions = events.map(({ position }) => position);
  const texts = events.map((_, i) => JSON.stringify(places[i] ?? {}));
  await sql`update outbox set relayed_at = now(), places = told.places::jsonb
    from unnest(${positions}::int8[], ${texts}::text[]) as told(position, places)
    where outbox.position = told.position`;
}

/** Sets one event aside with the reason. */
export async function markFailed(sql: Sql, position: number, failure: string): Promise<void> {
  await sql`update outbox set relayed_at = now(), failure = ${failure.slice(0, 1000)}
    where position = ${position}`;
}
