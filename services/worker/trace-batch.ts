import type { RecordedEvent } from '@insightdesk/shared/events';
import { currentTrace, enterTrace, isSampled, openSpan } from '@insightdesk/shared/tracing';

/**
 * Carries out a batch with one span of its own, linked to the traces it comes from, and one in each
 * of these, below which lies what follows from that event.
 */
export async function traceBatch<T>(
  events: RecordedEvent[],
  carryOut: (events: RecordedEvent[]) => Promise<T>,
): Promise<T> {
  const links = events.flatMap(({ trace }) => (isSampled(trace) ? [trace] : []));
  if (links.length === 0) return carryOut(events);
  const attributes = { 'messaging.batch.message_count': events.length };
  const batch = {
    name: 'relay batch',
    kind: 'consumer',
    attributes,
    links,
    isRecorded: true,
  } as const;
  return enterTrace(batch, async () => {
    const followed = events.map((event) => ({ event, span: openSpan(ofEvent(event)) }));
    try {
      return await carryOut(
        followed.map(({ event, span }) => (span ? { ...event, trace: span.traceparent } : event)),
      );
    } catch (error) {
      for (const { span } of followed) span?.fail(error);
      throw error;
    } finally {
      for (const { span } of followed) span?.end();
    }
  });
}

const ofEvent = ({ name, trace, id, tenantId }: RecordedEvent) => ({
  name: `relay ${name}`,
  kind: 'consumer' as const,
  parent: trace,
  links: [currentTrace()],
  attributes: { 'event.id': id, 'tenant.id': tenantId },
});
