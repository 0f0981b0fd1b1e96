import type { Context } from '@insightdesk/shared/context';
import {
  type Consequences,
  type Places,
  PoisonEventError,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { Appended, ChannelLog } from '@insightdesk/shared/realtime';

interface Parts {
  channelLog: ChannelLog;
  queues: Queues;
  cache: Pick<Context['cache'], 'forTenant'>;
}

/**
 * Carries out what follows from a batch of events: caches drop what is no longer true, entries
 * go to their channels in order, jobs are enqueued. All bear to be told twice, so doing it again
 * changes nothing.
 */
export function createDispatch(
  reactions: Readonly<Record<string, (event: never) => Consequences<JobRequest>>>,
  { channelLog, queues, cache }: Parts,
) {
  return async (events: RecordedEvent[]): Promise<Places[]> => {
    const outcomes = events.map((event) => ({ event, ...consequencesOf(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at }, publish = [] }) =>
      publish.map((publication) => ({ ...publication, tenantId, id, at })),
    );
    // First: whoever hears of it may come and ask at once.
    await Promise.all(outcomes.map(({ event, forget }) => drop(event, forget)));
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

  async function drop({ tenantId }: RecordedEvent, tags: readonly string[] = []): Promise<void> {
    await Promise.all(tags.map((tag) => cache.forTenant(tenantId).deleteByTag(tag)));
  }

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
