import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { RecordedEvent } from '@insightdesk/shared/events';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import type { Sql } from 'postgres';
import { fanOutEvents } from './jobs.ts';

/** An event as webhooks are told of it. */
export interface OutgoingEvent
  extends Pick<RecordedEvent, 'id' | 'tenantId' | 'requestId' | 'at' | 'trace'> {
  type: string;
  data: unknown;
}

/** Where the relay hands over what webhooks may want. */
export interface WebhookOutlet {
  /**
   * Writes down, in order, what happened in organisations with an enabled webhook, and gives the
   * jobs that follow: one for each such organisation. Repeating it changes nothing.
   */
  take(events: readonly OutgoingEvent[]): Promise<JobRequest[]>;
  close(): Promise<void>;
}

/** Opens the outlet on a connection of its own, by the relay's login. */
export function openWebhookOutlet(url: string, timeoutMs = 10_000): WebhookOutlet {
  const sql = connect(url, { timeoutMs });
  return {
    async take(events) {
      if (events.length === 0) return [];
      const listening = await listeningAmong(sql, new Set(events.map(({ tenantId }) => tenantId)));
      const wanted = events.filter(({ tenantId }) => listening.has(toUuid(tenantId)));
      if (wanted.length === 0) return [];
      await writeDown(sql, wanted);
      // Named after its newest event: the same batch again causes no other job.
      const newest = new Map(wanted.map((event) => [event.tenantId, event]));
      return [...newest.values()].map((event) => jobFor(event, fanOutEvents, {}));
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

async function listeningAmong(sql: Sql, tenantIds: Set<Id<'org'>>): Promise<Set<string>> {
  const uuids = [...tenantIds].map(toUuid);
  const rows = await sql`
    select distinct tenant_id from webhooks where enabled and tenant_id = any(${uuids}::uuid[])`;
  return new Set(rows.map((row) => row.tenant_id));
}

async function writeDown(sql: Sql, events: readonly OutgoingEvent[]): Promise<void> {
  const column = <T>(of: (event: OutgoingEvent) => T) => events.map(of);
  await sql`
    insert into webhook_events (tenant_id, event_id, type, lane, data, at, trace)
    select tenant_id, event_id, type, lane, data::jsonb, at, trace
    from unnest(
      ${column(({ tenantId }) => toUuid(tenantId))}::uuid[],
      ${column(({ id }) => toUuid(id))}::uuid[],
      ${column(({ type }) => type)}::text[],
      ${column(laneOf)}::text[],
      ${column(({ data }) => JSON.stringify(data ?? null))}::text[],
      ${column(({ at }) => at)}::timestamptz[],
      ${column(({ trace }) => trace ?? null)}::text[]
    ) with ordinality as told(tenant_id, event_id, type, lane, data, at, trace, n)
    order by n
    on conflict (tenant_id, event_id) do nothing`;
}

/** The conversation that it is about, or the organisation. */
export function laneOf({ type, data }: Pick<OutgoingEvent, 'type' | 'data'>): string {
  const { id, conversationId } = (data ?? {}) as { id?: string; conversationId?: string | null };
  if (conversationId) return conversationId;
  return type.startsWith('conversation.') && id ? id : 'organization';
}
