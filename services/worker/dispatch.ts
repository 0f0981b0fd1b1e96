import {
  type Consequences,
  PoisonEventError,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { ChannelLog } from '@insightdesk/shared/realtime';

/**
 * Carries out what follows from a batch of events: entries go to their channels in order, then the
 * jobs are enqueued. Both refuse what they have seen, so doing it again changes nothing.
 */
export function createDispatch(
  reactions: Readonly<Record<string, (event: never) => Consequences<JobRequest>>>,
  { channelLog, queues }: { channelLog: ChannelLog; queues: Queues },
) {
  return async (events: RecordedEvent[]): Promise<void> => {
    const outcomes = events.map((event) => ({ event, ...consequencesOf(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at }, publish = [] }) =>
      publish.map((publication) => ({ ...publication, tenantId, id, at })),
    );
    await channelLog.append(entries);
    await queues.enqueue(outcomes.flatMap(({ enqueue = [] }) => enqueue));
  };

  function consequencesOf(event: RecordedEvent) {
    try {
      const react = reactions[event.name];
      if (!react) throw new Error(`No reaction to ${event.name}`);
      return react(event as never);
    } catch (error) {
      throw new PoisonEventError(event.position, error);
    }
  }
}
