import { fromUuid, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { run, type TestUser } from './client.ts';
import type { NumberedEvent } from './followers.ts';

const conversationOf = (channel: string) => channel.split('-')[2] ?? '';

/** Writes and reads events in the outbox of a local stack directly. */
export function createOutboxClient() {
  const sql = connect(run.postgres ?? 'postgres://nowhere', { timeoutMs: 30_000 });

  /** The events of a staff channel, in order. */
  async function listPublished(channel: string): Promise<NumberedEvent[]> {
    const rows = await sql`select event_id, payload->'message'->>'body' as n from outbox
      where name = 'message.created'
        and payload->'message'->>'conversationId' = ${conversationOf(channel)}
        and payload->'message'->>'kind' = 'note'
      order by position`;
    return rows.map((row) => ({ id: fromUuid('evt', row.event_id), n: Number(row.n) }));
  }

  /** Commits many notes in one transaction. Notes cause no emails. */
  async function publish(owner: TestUser, channels: string[], from: number, count: number) {
    const rows = Array.from({ length: count }, (_, i) => {
      const n = from + i;
      const message = {
        id: newId('msg'),
        conversationId: conversationOf(channels[n % channels.length] ?? ''),
        authorId: owner.id,
        kind: 'note',
        body: `${n}`,
        attachments: [],
        clientMessageId: null,
        createdAt: new Date().toISOString(),
      };
      return {
        tenant_id: toUuid(owner.organizationId as never),
        event_id: toUuid(newId('evt')),
        name: 'message.created',
        payload: { message, customerId: owner.id, assigneeId: null },
        request_id: 'published',
      };
    });
    await sql`insert into outbox ${sql(rows as never)}`;
  }

  async function isRelayed(): Promise<boolean> {
    return (await sql`select from outbox where relayed_at is null limit 1`).length === 0;
  }

  return { listPublished, publish, isRelayed, close: () => sql.end({ timeout: 1 }) };
}
