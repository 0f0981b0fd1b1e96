import type { RecordedEvent } from '@insightdesk/shared/events';
import { currentTraceparent, isSampled, startSpan, startTrace } from '@insightdesk/shared/tracing';

/**
 * Dispatches a batch in a span of its own, linked to the traces of its events, and in one span in each
 * of these traces, which is the parent of that event's effects.
 */
export async function traceBatch<T>(
  events: RecordedEvent[],
  dispatch: (events: RecordedEvent[]) => Promise<T>,
): Promise<T> {
  const links = events.flatMap(({ trace }) => (isSampled(trace) ? [trace] : []));
  if (links.length === 0) return dispatch(events);
  const attributes = { 'messaging.batch.message_count': events.length };
  const batch = {
    name: 'relay batch',
    kind: 'consumer',
    attributes,
    links,
    isRecorded: true,
  } as const;
  return startTrace(batch, async () => {
    const traced = events.map((event) => ({ event, span: startSpan(eventSpan(event)) }));
    try {
      return await dispatch(
        traced.map(({ event, span }) => (span ? { ...event, trace: span.traceparent } : event)),
      );
    } catch (error) {
      for (const { span } of traced) span?.fail(error);
      throw error;
    } finally {
      for (const { span } of traced) span?.end();
    }
  });
}

const eventSpan = ({ name, trace, id, tenantId }: RecordedEvent) => ({
  name: `relay ${name}`,
  kind: 'consumer' as const,
  parent: trace,
  links: [currentTraceparent()],
  attributes: { 'event.id': id, 'tenant.id': tenantId },
});
