import { fromUuid } from '@insightdesk/shared/contract';
import type { RevocationWatcher } from './revocation-watcher.ts';

/** `<tenant> <generation>`, with the user when it concerns one. */
const PAYLOAD = /^([0-9a-f-]{36}) (\d+)(?: ([0-9a-f-]{36}))?$/;

/** Passes PostgreSQL's notifications of revoked access to the watcher. */
export function createAccessListener(watcher: Pick<RevocationWatcher, 'onRevocation' | 'compare'>) {
  return {
    channel: 'access',
    onNotification(payload: string): void {
      const [, tenant, generation, user] = PAYLOAD.exec(payload) ?? [];
      if (!tenant) return;
      watcher.onRevocation({
        tenantId: fromUuid('org', tenant),
        generation: Number(generation),
        userId: user ? fromUuid('usr', user) : undefined,
      });
    },
    onListening: () => void watcher.compare(),
  };
}
