import type { Context } from '@insightdesk/shared/context';
import type { OutgoingEvent, WebhookSink } from '@insightdesk/shared/domain/integrations/webhooks';
import type { AuditedEvent, AuditSink } from '@insightdesk/shared/domain/tenancy/audit';
import {
  type Effects,
  type EffectsOf,
  type LogPositions,
  NewerEventError,
  type RecordedEvent,
  UnprocessableEventError,
} from '@insightdesk/shared/events';
import type { DataLossDetector, JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { AppendResult, ChannelLog } from '@insightdesk/shared/realtime';
import { isSampled } from '@insightdesk/shared/tracing';

interface DispatchTargets {
  channelLog: Pick<ChannelLog, 'append'>;
  queues: Pick<Queues, 'enqueue'>;
  dataLoss: Pick<DataLossDetector, 'mark'>;
  cache: Pick<Context['cache'], 'forTenant'>;
  webhooks?: Pick<WebhookSink, 'write'>;
  audit?: Pick<AuditSink, 'write'>;
  /** Combines jobs into fewer; none by default. */
  coalesce?(requests: JobRequest[]): Promise<JobRequest[]>;
}

/**
 * Carries out the effects of a batch of events: invalidates cache tags, appends to channel logs in
 * order, then writes to webhooks and the audit log and enqueues jobs. Every effect is idempotent, so
 * a repeated batch changes nothing. Calls `onPublished` when the channel logs have the batch.
 */
export function createDispatch(effectsOf: EffectsOf<JobRequest>, targets: DispatchTargets) {
  const { channelLog, queues, dataLoss, cache, webhooks, audit } = targets;
  const coalesce = targets.coalesce ?? ((requests) => Promise.resolve(requests));

  return async (
    events: RecordedEvent[],
    onPublished = () => Promise.resolve(),
  ): Promise<LogPositions[]> => {
    const outcomes = events.map((event) => ({ event, ...requireEffects(event) }));
    const entries = outcomes.flatMap(({ event: { tenantId, id, at, trace }, publish }) =>
      publish.map((publication) => ({
        ...publication,
        tenantId,
        id,
        at,
        trace: isSampled(trace) ? trace : undefined,
      })),
    );
    // Before publishing: a client that receives the event may read at once.
    await Promise.all(outcomes.map(({ event, invalidate }) => invalidateTags(event, invalidate)));
    const appended = await channelLog.append(entries);
    await onPublished();
    const [triggered, fanOuts = []] = await Promise.all([
      coalesce(outcomes.flatMap(({ enqueue }) => enqueue)),
      webhooks?.write(outcomes.flatMap(toOutgoingEvent)),
      audit?.write(outcomes.flatMap(toAuditedEvent)),
    ]);
    const requests = [...triggered, ...fanOuts];
    await queues.enqueue(requests);
    if (requests.length > 0) await dataLoss.mark();
    const next = appended.values();
    return outcomes.map(({ publish }) => {
      const positions: LogPositions = {};
      for (const { channel } of publish) {
        const { epoch, offset } = next.next().value as AppendResult;
        positions[channel] = [epoch, offset];
      }
      return positions;
    });
  };

  async function invalidateTags(
    { tenantId }: RecordedEvent,
    tags: readonly string[],
  ): Promise<void> {
    await Promise.all(tags.map((tag) => cache.forTenant(tenantId).deleteByTag(tag)));
  }

  function requireEffects(event: RecordedEvent): Effects<JobRequest> {
    try {
      const effects = effectsOf(event);
      if (!effects) throw new Error(`Unknown event ${event.name}`);
      return effects;
    } catch (error) {
      if (error instanceof NewerEventError) throw error;
      throw new UnprocessableEventError(event.position, error);
    }
  }
}

type Outcome = Effects<unknown> & { event: RecordedEvent };

/** The event as the audit log stores it; empty when it is not audited. */
function toAuditedEvent({ event, audit: details }: Outcome): AuditedEvent[] {
  const { id, tenantId, name, requestId, at, origin } = event;
  return details ? [{ id, tenantId, name, requestId, at, origin, details }] : [];
}

/** The event as webhooks receive it; empty when they do not. */
export function toOutgoingEvent({ event, webhook }: Outcome): OutgoingEvent[] {
  const { id, tenantId, requestId, at, trace } = event;
  return webhook ? [{ id, tenantId, requestId, at, ...(trace && { trace }), ...webhook }] : [];
}
