import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';

/** A signal of the system, and the channel it is for. */
export interface SystemSignal {
  tenantId: Id<'org'>;
  channel: string;
  type: string;
  data: unknown;
}

/** The topic of system signals, which every replica subscribes to; each message is a list. */
export const SIGNALS_TOPIC = 'realtime:signals';

/** The `from` of a signal that the system sent. */
export const SYSTEM_SENDER = 'system';

/**
 * Publishes signals to the current subscribers. They are not stored, and dropped while Valkey is
 * unavailable; returns at once.
 */
export function publishSignals(
  publisher: Valkey,
  signals: readonly SystemSignal[],
  onError: (error: unknown) => void,
): void {
  if (signals.length === 0 || publisher.status !== 'ready') return;
  publisher.publish(SIGNALS_TOPIC, JSON.stringify(signals)).catch(onError);
}
