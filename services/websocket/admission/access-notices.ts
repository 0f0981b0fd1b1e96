import { Channels, fromUuid } from '@insightdesk/shared/contract';
import { roomOf } from '@insightdesk/shared/realtime';
import type { LiveSessions } from './live-sessions.ts';

const PAYLOAD = /^([0-9a-f-]{36})(?: ([0-9a-f-]{36}))?$/;

/**
 * What the database itself tells when somebody may do less than before: sooner than the channels
 * tell it, and also while neither Valkey nor a worker is there.
 */
export function accessNotices(sessions: Pick<LiveSessions, 'suspect' | 'missed'>) {
  return {
    channel: 'access',
    hear(payload: string): void {
      const [, tenant, person] = PAYLOAD.exec(payload) ?? [];
      if (!tenant) return;
      const tenantId = fromUuid('org', tenant);
      const channel = person
        ? Channels.userPrivate(fromUuid('usr', person))
        : Channels.organization(tenantId);
      sessions.suspect([roomOf(tenantId, channel)]);
    },
    onListening: () => sessions.missed(),
  };
}
