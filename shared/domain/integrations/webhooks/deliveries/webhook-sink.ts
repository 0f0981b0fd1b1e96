import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { RecordedEvent } from '@insightdesk/shared/events';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import type { Sql } from 'postgres';
import { fanOutJob } from '../jobs.ts';

export interface OutgoingEvent
  extends Pick<RecordedEvent, 'id' | 'tenantId' | 'requestId' | 'at' | 'trace'> {
  type: string;
  data: unknown;
  /** The conversation that it belongs to; orders its delivery. */
  conversationId?: Id<'cnv'> | undefined;
}

/** Where the relay writes the events for webhooks. */
export interface WebhookSink {
  /**
   * Stores, in order, the events of organizations with an enabled webhook, and returns one fan-out
   * job for each such organization. Writing the same events again changes nothing.
   */
  write(events: readonly OutgoingEvent[]): Promise<JobRequest[]>;
  close(): Promise<void>;
}

/** Opens the sink on its own connection, with the relay's login. */
export function openWebhookSink(url: string, timeoutMs = 10_000): WebhookSink {
  const sql = connect(url, { timeoutMs });
  return {
    async write(events) {
      if (events.length === 0) return [];
      const enabled = await withEnabledWebhook(
        sql,
        new Set(events.map(({ tenantId }) => tenantId)),
      );
      const relevant = events.filter(({ tenantId }) => enabled.has(toUuid(tenantId)));
      if (relevant.length === 0) return [];
      await insertEvents(sql, relevant);
      // Named after the newest event: the same batch again enqueues no other job.
      const newest = new Map(relevant.map((event) => [event.tenantId, event]));
      return [...newest.values()].map((event) => jobFor(event, fanOutJob, {}));
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

async function withEnabledWebhook(sql: Sql, tenantIds: Set<Id<'org'>>): Promise<Set<string>> {
  const uuids = [...tenantIds].map(toUuid);
  const rows = await sql`
    select distinct tenant_id from webhooks where enabled and tenant_id = any(${uuids}::uuid[])`;
  return new Set(rows.map((row) => row.tenant_id));
}

async function insertEvents(sql: Sql, events: readonly OutgoingEvent[]): Promise<void> {
  const column = <T>(value: (event: OutgoingEvent) => T) => events.map(value);
  await sql`
    insert into webhook_events (tenant_id, event_id, type, ordering_key, data, at, trace)
    select tenant_id, event_id, type, ordering_key, data::jsonb, at, trace
    from unnest(
      ${column(({ tenantId }) => toUuid(tenantId))}::uuid[],
      ${column(({ id }) => toUuid(id))}::uuid[],
      ${column(({ type }) => type)}::text[],
      ${column(({ conversationId }) => conversationId ?? 'organization')}::text[],
      ${column(({ data }) => JSON.stringify(data ?? null))}::text[],
      ${column(({ at }) => at)}::timestamptz[],
      ${column(({ trace }) => trace ?? null)}::text[]
    ) with ordinality as batch(tenant_id, event_id, type, ordering_key, data, at, trace, n)
    order by n
    on conflict (tenant_id, event_id) do nothing`;
}
