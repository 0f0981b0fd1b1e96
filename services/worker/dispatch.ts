import type { Context } from '@insightdesk/shared/context';
import type {
  OutgoingEvent,
  WebhookOutlet,
} from '@insightdesk/shared/domain/integrations/webhooks';
import type { AuditedEvent, AuditOutlet } from '@insightdesk/shared/domain/tenancy/audit';
import {
  type Effects,
  type EffectsOf,
  NewerEventError,
  type Places,
  PoisonEventError,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, LossWatch, Queues } from '@insightdesk/shared/jobs';
import type { Appended, ChannelLog } from '@insightdesk/shared/realtime';
import { isSampled } from '@insightdesk/shared/tracing';

interface Outlets {
  channelLog: Pick<ChannelLog, 'append'>;
  queues: Pick<Queues, 'enqueue'>;
  jobs: Pick<LossWatch, 'note'>;
  cache: Pick<Context['cache'], 'forTenant'>;
  webhooks?: Pick<WebhookOutlet, 'take'>;
  audit?: Pick<AuditOutlet, 'take'>;
  /** Makes fewer jobs of many; none unless given. */
  gather?(requests: JobRequest[]): Promise<JobRequest[]>;
}

/**
 * Carries out what follows from a batch of events: caches drop what is no longer true, entries
 * go to their channels in order; then what webhooks may want is written down, jobs are enqueued. All
 * bear to be told twice, so doing it again changes nothing.
 */
export function createDispatch(
  consequencesOf: EffectsOf<JobRequest>,
  { channelLog, queues, jobs, cache, webhooks, audit, gather = asTheyAre }: Outlets,
) {
  return async (events: RecordedEvent[], told = atOnce): Promise<Places[]> => {
    const outcomes = events.map((event) => ({ event, ...requireConsequences(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at, trace }, publish }) =>
      publish.map((publication) => ({ ...publication, tenantId, id, at, trace: recorded(trace) })),
    );
    // First: whoever hears of it may come and ask at once.
    await Promise.all(outcomes.map(({ event, forget }) => drop(event, forget)));
    const appended = await channelLog.append(entries);
    await told();
    const [own, wakes = []] = await Promise.all([
      gather(outcomes.flatMap(({ enqueue }) => enqueue)),
      webhooks?.take(outcomes.flatMap(outgoing)),
      audit?.take(outcomes.flatMap(audited)),
    ]);
    const requests = [...own, ...wakes];
    await queues.enqueue(requests);
    if (requests.length > 0) await jobs.note();
    const next = appended.values();
    return outcomes.map(({ publish }) => {
      const places: Places = {};
      for (const { channel } of publish) {
        const { epoch, offset } = next.next().value as Appended;
        places[channel] = [epoch, offset];
      }
      return places;
    });
  };

  async function drop({ tenantId }: RecordedEvent, tags: readonly string[]): Promise<void> {
    await Promise.all(tags.map((tag) => cache.forTenant(tenantId).deleteByTag(tag)));
  }

  function requireConsequences(event: RecordedEvent): Effects<JobRequest> {
    try {
      const consequences = consequencesOf(event);
      if (!consequences) throw new Error(`No event is named ${event.name}`);
      return consequences;
    } catch (error) {
      if (error instanceof NewerEventError) throw error;
      throw new PoisonEventError(event.position, error);
    }
  }
}

const atOnce = () => Promise.resolve();
const asTheyAre = async (requests: JobRequest[]) => requests;

/** Sockets have nothing to do with a trace that nobody sees. */
const recorded = (trace: string | undefined) => (isSampled(trace) ? trace : undefined);

/** An event as the audit log is told of it, if it is. */
function audited({
  event: { id, tenantId, name, requestId, at, origin },
  audit: details,
}: Effects<unknown> & { event: RecordedEvent }): AuditedEvent[] {
  return details ? [{ id, tenantId, name, requestId, at, origin, details }] : [];
}

/** An event as webhooks are told of it, if they are. */
export function outgoing({
  event: { id, tenantId, requestId, at, trace },
  webhook,
}: Effects<unknown> & { event: RecordedEvent }): OutgoingEvent[] {
  const of = { id, tenantId, requestId, at, ...(trace && { trace }) };
  return webhook ? [{ ...of, type: webhook.type, data: webhook.data }] : [];
}
