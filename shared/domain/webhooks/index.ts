/** An organisation's own systems: events that go out to them by webhook, and those they send. */

export { deliverLane } from './deliver-lane.ts';
export { listDeliveries, replayDelivery, replaySince } from './deliveries.ts';
export {
  addWebhook,
  changeWebhook,
  getWebhook,
  listWebhooks,
  removeWebhook,
  rotateSecret,
} from './endpoints.ts';
export * as webhookEvents from './events.ts';
export { fanOut, replay } from './fan-out.ts';
export * as webhookJobs from './jobs.ts';
export { emailOwners } from './notice.ts';
export { type OutgoingEvent, openWebhookOutlet, type WebhookOutlet } from './outlet.ts';
export { publicEvents } from './public-events.ts';
export { externalEvents, sendEvent } from './send-event.ts';
export { webhookDeliveries, webhookEvents as webhookEventsTable, webhooks } from './tables.ts';
