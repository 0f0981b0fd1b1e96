import {
  type Consequences,
  type Places,
  PoisonEventError,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { Appended, ChannelLog } from '@insightdesk/shared/realtime';

/**
 * Carries out what follows from a batch of events: entries go to their channels in order, then the
 * jobs are enqueued. Both refuse what they have seen, so doing it again changes nothing.
 */
export function createDispatch(
  reactions: Readonly<Record<string, (event: never) => Consequences<JobRequest>>>,
  { channelLog, queues }: { channelLog: ChannelLog; queues: Queues },
) {
  return async (events: RecordedEvent[]): Promise<Places[]> => {
    const outcomes = events.map((event) => ({ event, ...consequencesOf(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at }, publish = [] }) =>
      publish.map((publication) => ({ ...publication, tenantId, id, at })),
    );
    const appended = (await channelLog.append(entries)).values();
    await queues.enqueue(outcomes.flatMap(({ enqueue = [] }) => enqueue));
    return outcomes.map(({ publish = [] }) => {
      const places: Places = {};
      for (const { channel } of publish) {
        const { epoch, offset } = appended.next().value as Appended;
        places[channel] = [epoch, offset];
      }
      return places;
    });
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
