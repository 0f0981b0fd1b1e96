/** Events that go out to an organisation's own systems, by webhook. */
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
export { outgoingEvents, webhookDeliveries, webhooks } from './tables.ts';
