import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';

const ROWS = 4_000;

/**
 * Fills a tenant with many rows of which each filter matches few, so that a bad query plan shows.
 * Returns ids for path parameters.
 */
export async function seedLargeTenant(
  adminUrl: string,
  tenantId: Id<'org'>,
  owner: Id<'usr'>,
  customer: Id<'usr'>,
) {
  const sql = connect(adminUrl, { timeoutMs: 60_000 });
  const tenant = toUuid(tenantId);
  const webhook = newId('whk');
  const conversation = newId('cnv');
  const message = newId('msg');
  try {
    await sql`insert into users (id, email, name)
      select md5(${tenant} || n)::uuid, md5(${tenant} || n) || '@example.com', 'n'
      from generate_series(1, ${ROWS}::int) n`;
    await sql`insert into members (tenant_id, user_id, role, removed_at)
      select ${tenant}, md5(${tenant} || n)::uuid, case when n % 400 = 0 then 'agent' else 'customer' end,
        case when n % 50 > 0 then now() end
      from generate_series(1, ${ROWS}::int) n`;
    await sql`insert into sessions (tenant_id, id, user_id, expires_at, revoked_at)
      select ${tenant}, gen_random_uuid(), u, now() + interval '1 day',
        case when n % 100 > 0 then now() end
      from generate_series(1, ${ROWS}::int) n, unnest(${[owner, customer].map(toUuid)}::uuid[]) u`;
    await sql`insert into conversations
        (tenant_id, id, number, subject, status, priority, customer_id, assignee_id, tags, last_message_at)
      select ${tenant}, case when n = 1 then ${toUuid(conversation)}::uuid else gen_random_uuid() end,
        1000 + n,
        'Where is my parcel ' || n || case when n % 400 = 3 then ' zebra' else '' end,
        case when n % 400 = 5 then 'snoozed' else 'open' end,
        case when n % 400 = 7 then 'urgent' else 'normal' end,
        case when n % 400 = 1 then ${toUuid(customer)}::uuid else ${toUuid(owner)}::uuid end,
        case when n % 400 = 9 then ${toUuid(owner)}::uuid end,
        case when n % 400 = 11 then array['rare', 'common'] else array['common'] end,
        '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute'
      from generate_series(1, ${ROWS}::int) n`;
    await sql`insert into messages (tenant_id, id, conversation_id, sequence, author_id, kind, body)
      select ${tenant}, case when n = 1 then ${toUuid(message)}::uuid else gen_random_uuid() end,
        ${toUuid(conversation)}, n, ${toUuid(owner)},
        case when n % 4 = 0 then 'note' else 'reply' end, 'Hello'
      from generate_series(1, ${ROWS}::int) n`;
    await sql`insert into message_versions (tenant_id, message_id, version, body, changed_by)
      select ${tenant}, ${toUuid(message)}, n, 'Hello', ${toUuid(owner)} from generate_series(1, 50) n`;
    await sql`insert into webhooks (tenant_id, id, url, description, events, secret)
      values (${tenant}, ${toUuid(webhook)}, 'https://example.com', '', '{*}', '-')`;
    await sql`with events as (
        insert into webhook_events (tenant_id, event_id, type, ordering_key, data, at, fanned_out_at)
        select ${tenant}, gen_random_uuid(), 'message.created', 'l', '{}', now(), now()
        from generate_series(1, ${ROWS}::int) returning tenant_id, event_id, position)
      insert into webhook_deliveries (tenant_id, webhook_id, event_id, position, ordering_key, status)
      select tenant_id, ${toUuid(webhook)}, event_id, position, 'l',
        case when position % 400 = 13 then 'failed' when position % 400 = 17 then 'waiting'
          else 'delivered' end
      from events`;
    await sql`insert into audit_entries (tenant_id, sequence, event_id, action, actor, actor_id,
        details, request_id, at, previous_hash, hash)
      select ${tenant}, n, gen_random_uuid(),
        case when n % 400 = 19 then 'member.removed' else 'session.created' end, '{"kind":"system"}',
        case when n % 400 = 21 then ${owner} else 'worker' end, '{}', 'r',
        '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 hour', '-', '-'
      from generate_series(1, ${ROWS}::int) n`;
    await sql`vacuum analyze`;
  } finally {
    await sql.end();
  }
  return { webhook, conversation, message };
}
