/** Events that systems of an organization send. */
export { EventIngestErrors } from './errors.ts';
export { acceptedEvents, ingestEvent } from './ingest-event.ts';
