import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { RecentSessions } from '@insightdesk/shared/utils';
import { type Connection, toRowObject } from './connection.ts';

/** Whose rows a transaction sees. */
export interface Scope {
  tenantId?: Id<'org'>;
  userId?: Id<'usr'>;
  /** When given, the session must be live and its member must still have this authorization version. */
  sessionId?: Id<'ses'>;
  authorizationVersion?: string;
  /** It sets up the second factor that the organization requires: the session need not have one. */
  duringSetup?: boolean;
}

export interface ScopeRequest {
  scope: Scope;
  recentSessions: RecentSessions;
  /** `READ_ONLY`, the result of `readOnlyWithin`, or nothing. */
  extraColumns: string;
}

const AUTHORIZE = `select app.authorize($1::uuid, $2::uuid, $3::uuid, $4, $5),
  (select g.generation from app.access_generations g where g.tenant_id = $1::uuid) as generation`;
/** What `app.authorize` does without a session. */
const SET_SCOPE = `select set_config('app.tenant_id', $1::text, true),
  set_config('app.user_id', $2::text, true)`;
/** The same for a session that was authorized a moment ago; fails when the organization's access changed since. */
const SET_SCOPE_AGAIN = `${SET_SCOPE}, case when (select g.generation from app.access_generations g
  where g.tenant_id = $1::text::uuid) is distinct from $3::bigint then app.require_reauthorization() end`;
/** Ends with the transaction, like the scope. */
export const READ_ONLY = `, set_config('transaction_read_only', 'on', true)`;
/** The same for reads that may take long and are planned for their values; works behind poolers too. */
export const readOnlyWithin = (timeoutMs: number) =>
  `${READ_ONLY}, set_config('statement_timeout', '${timeoutMs}', true),
  set_config('plan_cache_mode', 'auto', true)`;

const uuid = (id: Id<'org' | 'usr' | 'ses'> | undefined) => (id ? toUuid(id) : '');

/** Sends the statement that sets the transaction's scope, and authorizes its session. */
export function setScope(
  connection: Connection,
  { scope, recentSessions, extraColumns }: ScopeRequest,
): Promise<unknown> {
  const { tenantId, userId, sessionId, authorizationVersion = '', duringSetup = false } = scope;
  const ids = [uuid(tenantId), uuid(userId)];
  if (!sessionId) return connection.send(SET_SCOPE + extraColumns, ids, toRowObject);
  const key =
    tenantId && userId
      ? { tenantId, userId, sessionId, authorizationVersion, duringSetup }
      : undefined;
  const recent = key && recentSessions.find(key);
  if (recent) {
    return connection
      .send(SET_SCOPE_AGAIN + extraColumns, [...ids, recent.generation], toRowObject)
      .catch((error) => {
        recentSessions.delete(sessionId);
        throw error;
      });
  }
  const at = recentSessions.now();
  const session = [uuid(sessionId), authorizationVersion, duringSetup ? 't' : 'f'];
  return connection
    .send(AUTHORIZE + extraColumns, [...ids.map(emptyToNull), ...session], toRowObject)
    .then(([row]) => {
      if (key) recentSessions.set(key, { generation: row?.generation as string | null, at });
    });
}

const emptyToNull = (text: string) => text || null;
