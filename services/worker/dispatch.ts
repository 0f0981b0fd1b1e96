import type { Context } from '@insightdesk/shared/context';
import { Channels } from '@insightdesk/shared/contract';
import type { OutgoingEvent, WebhookOutlet } from '@insightdesk/shared/domain/webhooks';
import {
  type Consequences,
  NewerEventError,
  type Places,
  PoisonEventError,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRefill, JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { Appended, ChannelLog } from '@insightdesk/shared/realtime';

interface Outlets {
  channelLog: Pick<ChannelLog, 'append'>;
  queues: Pick<Queues, 'enqueue'>;
  jobs: Pick<JobRefill, 'note'>;
  cache: Pick<Context['cache'], 'forTenant'>;
  webhooks?: Pick<WebhookOutlet, 'take'>;
}

/**
 * Carries out what follows from a batch of events: caches drop what is no longer true, entries
 * go to their channels in order, what webhooks may want is written down, jobs are enqueued. All
 * bear to be told twice, so doing it again changes nothing.
 */
export function createDispatch(
  reactions: Readonly<Record<string, (event: never) => Consequences<JobRequest>>>,
  { channelLog, queues, jobs, cache, webhooks }: Outlets,
) {
  return async (events: RecordedEvent[]): Promise<Places[]> => {
    const outcomes = events.map((event) => ({ event, ...consequencesOf(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at }, publish = [] }) =>
      publish.map((publication) => ({ ...publication, tenantId, id, at })),
    );
    // First: whoever hears of it may come and ask at once.
    await Promise.all(outcomes.map(({ event, forget }) => drop(event, forget)));
    const [appended, wakes = []] = await Promise.all([
      channelLog.append(entries),
      webhooks?.take(outcomes.flatMap(outgoing)),
    ]);
    const requests = [...outcomes.flatMap(({ enqueue = [] }) => enqueue), ...wakes];
    await queues.enqueue(requests);
    if (requests.length > 0) await jobs.note();
    const next = appended.values();
    return outcomes.map(({ publish = [] }) => {
      const places: Places = {};
      for (const { channel } of publish) {
        const { epoch, offset } = next.next().value as Appended;
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
      if (error instanceof NewerEventError) throw error;
      throw new PoisonEventError(event.position, error);
    }
  }
}

/** What webhooks hear: the same as the staff of the organisation on its channel. */
export function outgoing({
  event: { id, tenantId, requestId, at },
  publish = [],
}: Consequences<unknown> & { event: RecordedEvent }): OutgoingEvent[] {
  const staff = Channels.organization(tenantId);
  const entry = publish.find(({ channel }) => channel === staff);
  return entry ? [{ id, tenantId, requestId, at, type: entry.type, data: entry.data }] : [];
}
