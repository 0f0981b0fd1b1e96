/** Events that systems of an organization send. */
export { acceptedEvents, ingestEvent } from './ingest-event.ts';
