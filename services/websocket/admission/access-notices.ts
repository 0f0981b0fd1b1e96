import { Channels, fromUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { roomOf } from '@insightdesk/shared/realtime';
import type { LiveSessions } from './live-sessions.ts';

const CHANNEL = 'access';
const TIMEOUT_MS = 5_000;
const PAYLOAD = /^([0-9a-f-]{36})(?: ([0-9a-f-]{36}))?$/;

/**
 * Hears from the database itself that somebody may do less than before: sooner than the channels
 * tell it, and also while neither Valkey nor a worker is there. Returns how to start and to stop.
 */
export function listenForAccess(
  url: string,
  sessions: Pick<LiveSessions, 'suspect' | 'missed'>,
  onError: (error: unknown) => void,
) {
  const sql = connect(url, { timeoutMs: TIMEOUT_MS });

  function hear(payload: string): void {
    const [, tenant, person] = PAYLOAD.exec(payload) ?? [];
    if (!tenant) return;
    const tenantId = fromUuid('org', tenant);
    const channel = person
      ? Channels.userPrivate(fromUuid('usr', person))
      : Channels.organization(tenantId);
    sessions.suspect([roomOf(tenantId, channel)]);
  }

  return {
    /** Resolves when it listens; what was said while the connection was away is asked for. */
    async start(): Promise<void> {
      await sql.listen(CHANNEL, hear, () => sessions.missed());
    },
    async close(): Promise<void> {
      await sql.end({ timeout: 1 }).catch(onError);
    },
  };
}
