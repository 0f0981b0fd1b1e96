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

/** Large payloads must not make one query exceed its timeout. */
const RELAYED_PAGE_LENGTH = 100;

/** The events relayed within the last seconds, newest first, in pages: the newest `limit` are searched. */
export async function* listRelayedEvents(
  sql: Sql,
  { limit, seconds }: { limit: number; seconds: number },
): AsyncGenerator<RelayedEvent[]> {
  let before = Number.MAX_SAFE_INTEGER;
  for (let searched = 0; searched < limit; searched += RELAYED_PAGE_LENGTH) {
    const rows = await sql`
      select position::int8 as position, tenant_id, event_id, name, version, request_id, created_at,
        case when is_recent then payload end as payload, log_positions, is_recent
      from (select *, log_positions is not null
          and relayed_at > now() - make_interval(secs => ${seconds}) as is_recent
        from outbox where relayed_at is not null and position < ${before}
        order by position desc limit ${RELAYED_PAGE_LENGTH}) newest
      order by position desc`;
    const recent = rows.filter((row) => row.is_recent);
    if (recent.length > 0) {
      yield recent.map((row) => ({ ...toEvent(row), logPositions: row.log_positions }));
    }
    before = Number(rows.at(-1)?.position);
    if (rows.length < RELAYED_PAGE_LENGTH) return;
  }
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
