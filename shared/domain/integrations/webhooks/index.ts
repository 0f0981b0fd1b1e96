/** Events that go out to an organisation's own systems, by webhook. */
export { addWebhook } from './add-webhook.ts';
export { changeWebhook } from './change-webhook.ts';
export { deliverLane } from './deliver-lane.ts';
export { emailOwners } from './email-owners.ts';
export * as webhookEvents from './events.ts';
export { fanOut } from './fan-out.ts';
export { getWebhook } from './get-webhook.ts';
export * as webhookJobs from './jobs.ts';
export { listDeliveries } from './list-deliveries.ts';
export { listWebhooks } from './list-webhooks.ts';
export { type OutgoingEvent, openWebhookOutlet, type WebhookOutlet } from './outlet.ts';
export { removeWebhook } from './remove-webhook.ts';
export { renewSecrets } from './renew-secrets.ts';
export { replayDelivery } from './replay-delivery.ts';
export { replayEvents } from './replay-events.ts';
export { replaySince } from './replay-since.ts';
export { rotateSecret } from './rotate-secret.ts';
export { outgoingEvents, webhookDeliveries, webhooks } from './tables.ts';
