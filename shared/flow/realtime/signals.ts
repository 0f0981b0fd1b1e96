import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';

/** A signal of the system on its way to the replicas, and whose channel it is for. */
export interface SystemSignal {
  tenantId: Id<'org'>;
  channel: string;
  type: string;
  data: unknown;
}

/** The topic that every replica listens to; each message is a list. */
export const SIGNALS_TOPIC = 'realtime:signals';

/** What `from` says of a signal that no person sent. */
export const SYSTEM = 'system';

/**
 * Sends signals to whoever is subscribed just now; they are stored nowhere, and nobody waits: while
 * Valkey is away they are dropped.
 */
export function sendSignals(
  publisher: Valkey,
  signals: readonly SystemSignal[],
  onError: (error: unknown) => void,
): void {
  if (signals.length === 0 || publisher.status !== 'ready') return;
  publisher.publish(SIGNALS_TOPIC, JSON.stringify(signals)).catch(onError);
}
