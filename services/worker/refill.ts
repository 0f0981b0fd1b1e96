import type {
  Consequences,
  RecordedEvent,
  RelayedEvent,
  RelayOptions,
} from '@insightdesk/shared/events';
import type { Logger } from '@insightdesk/shared/logging';
import type { ChannelRefill, PlacedEntry } from '@insightdesk/shared/realtime';

interface RefillOptions {
  channels: ChannelRefill;
  historySeconds: number;
  log: Logger;
}

/** Reaching back further would take longer than fetching anew takes the clients. */
const NEWEST_EVENTS = 10_000;

/**
 * Notices that Valkey has lost the channel logs and refills them from what was relayed last, at the
 * places where it was: positions that clients hold stay good.
 */
export function createRefill(
  reactions: Readonly<Record<string, (event: never) => Consequences<unknown>>>,
  { channels, historySeconds, log }: RefillOptions,
): NonNullable<RelayOptions['prepare']> {
  return async (recent) => {
    // When it cannot be asked, dispatching tells.
    if (await channels.isFilled().catch(() => true)) return;
    const events = await recent({ limit: NEWEST_EVENTS, seconds: historySeconds });
    const count = await channels.refill(events.flatMap(entriesOf));
    log.warn({ events: events.length, channels: count }, 'channel logs: refilled from the outbox');
  };

  function entriesOf(event: RelayedEvent): PlacedEntry[] {
    const { tenantId, id, at, places } = event;
    return publicationsOf(event).flatMap((publication) => {
      const [epoch, offset] = places[publication.channel] ?? [];
      if (epoch === undefined || offset === undefined) return [];
      return { ...publication, tenantId, id, at, epoch, offset };
    });
  }

  // An event that today's reactions refuse leaves a hole, which is told as a gap.
  function publicationsOf(event: RecordedEvent) {
    try {
      return reactions[event.name]?.(event as never).publish ?? [];
    } catch {
      return [];
    }
  }
}
