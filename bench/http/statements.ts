/**
 * Statements of both floors, on copies of our tables without triggers, policies and relay. `$1` is the
 * tenant.
 */
export const statements = {
  one: 'select * from bench.conversations where tenant_id = $1 and id = $2',
  list: 'select * from bench.conversations where tenant_id = $1 order by number desc limit 25',
  count: `update bench.conversations set message_count = message_count + 1,
    reply_count = reply_count + 1, version = version + 1, last_message_at = now()
    where tenant_id = $1 and id = $2 returning *`,
  reply: `insert into bench.messages
    (tenant_id, id, conversation_id, sequence, author_id, kind, body)
    values ($1, $2, $3, $4, $5, 'reply', $6) returning *`,
  notify: `insert into bench.outbox (tenant_id, event_id, name, payload, request_id)
    values ($1, $2, 'message.created', $3, $4)`,
};

/** Options of a floor, passed as JSON in its environment. */
export interface FloorOptions {
  postgres: string;
  secret: string;
  tenant: string;
  author: string;
  statements: typeof statements;
}
