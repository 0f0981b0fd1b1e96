import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { RecentSessions } from '@insightdesk/shared/utils';
import { type Connection, toObject } from './tx.ts';

/** Whose rows a transaction may see. */
export interface Scope {
  tenantId?: Id<'org'>;
  userId?: Id<'usr'>;
  /** When given, the session must be live and its member's standing still be this. */
  sessionId?: Id<'ses'>;
  authorizationVersion?: string;
  /** Sets up the second factor that the organisation requires, so the session need not have one. */
  duringSetup?: boolean;
}

/** How a transaction begins. */
export interface Entry {
  scope: Scope;
  recentSessions: RecentSessions;
  /** `TO_READ`, what `toReadWithin` gives, or nothing. */
  more: string;
}

const ENTER = `select app.authorize($1::uuid, $2::uuid, $3::uuid, $4, $5),
  (select e.epoch from app.access_epochs e where e.tenant_id = $1::uuid) as epoch`;
/** What `app.authorize` does for nobody's session. */
const SCOPE = `select set_config('app.tenant_id', $1::text, true),
  set_config('app.user_id', $2::text, true)`;
/** The same for a session that was let in a moment ago; fails when somebody may do less since. */
const ENTER_AGAIN = `${SCOPE}, case when (select e.epoch from app.access_epochs e
  where e.tenant_id = $1::text::uuid) is distinct from $3::bigint then app.require_reauthorization() end`;
/** Ends with the transaction, like the scope. */
export const TO_READ = `, set_config('transaction_read_only', 'on', true)`;
/** The same for what may take so long and is planned for its values; no pooler can lose it. */
export const toReadWithin = (timeoutMs: number) =>
  `${TO_READ}, set_config('statement_timeout', '${timeoutMs}', true),
  set_config('plan_cache_mode', 'auto', true)`;

const uuid = (id: Id<'org' | 'usr' | 'ses'> | undefined) => (id ? toUuid(id) : '');

/** Sends what makes the transaction somebody's. */
export function enter(
  connection: Connection,
  { scope, recentSessions, more }: Entry,
): Promise<unknown> {
  const { tenantId, userId, sessionId, authorizationVersion = '', duringSetup = false } = scope;
  const who = [uuid(tenantId), uuid(userId)];
  if (!sessionId) return connection.send(SCOPE + more, who, toObject);
  const key = tenantId &&
    userId && {
      tenantId,
      userId,
      sessionId,
      authorizationVersion: authorizationVersion,
      duringSetup,
    };
  const known = key && recentSessions.find(key);
  if (known) {
    return connection
      .send(ENTER_AGAIN + more, [...who, known.generation], toObject)
      .catch((error) => {
        recentSessions.delete(sessionId);
        throw error;
      });
  }
  const at = recentSessions.now();
  const as = [uuid(sessionId), authorizationVersion, duringSetup ? 't' : 'f'];
  return connection.send(ENTER + more, [...who.map(orNull), ...as], toObject).then(([row]) => {
    if (key) recentSessions.set(key, { generation: row?.epoch as string | null, at });
  });
}

const orNull = (text: string) => text || null;
