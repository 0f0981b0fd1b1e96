/** Events that go out to an organization's own systems, by webhook. */
export { createWebhook } from './create-webhook.ts';
export { deleteWebhook } from './delete-webhook.ts';
export { deliverInOrder } from './deliver-in-order.ts';
export * as webhookEvents from './events.ts';
export { fanOut } from './fan-out.ts';
export { getWebhook } from './get-webhook.ts';
export * as webhookJobs from './jobs.ts';
export { listDeliveries } from './list-deliveries.ts';
export { listWebhooks } from './list-webhooks.ts';
export { notifyOwners } from './notify-owners.ts';
export { replayDelivery } from './replay-delivery.ts';
export { replayEvents } from './replay-events.ts';
export { replaySince } from './replay-since.ts';
export { resealSecrets } from './reseal-secrets.ts';
export { rotateSecret } from './rotate-secret.ts';
export { outboundEvents, webhookDeliveries } from './tables.ts';
export { updateWebhook } from './update-webhook.ts';
export { type OutgoingEvent, openWebhookSink, type WebhookSink } from './webhook-sink.ts';
