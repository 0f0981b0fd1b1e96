/** Events that go out to an organization's own systems, by webhook. */
export { createWebhook } from './create-webhook.ts';
export { deleteWebhook } from './delete-webhook.ts';
export { deliverInOrder } from './deliveries/deliver-in-order.ts';
export { fanOut } from './deliveries/fan-out.ts';
export { listDeliveries } from './deliveries/list-deliveries.ts';
export { notifyOwners } from './deliveries/notify-owners.ts';
export { replayDelivery, replaySince } from './deliveries/replay-delivery.ts';
export { replayEvents } from './deliveries/replay-events.ts';
export {
  type OutgoingEvent,
  openWebhookSink,
  type WebhookSink,
} from './deliveries/webhook-sink.ts';
export * as webhookEvents from './events.ts';
export { getWebhook } from './get-webhook.ts';
export * as webhookJobs from './jobs.ts';
export { listWebhooks } from './list-webhooks.ts';
export { resealSecrets } from './signing/reseal-secrets.ts';
export { rotateSecret } from './signing/rotate-secret.ts';
export { outboundEvents, webhookDeliveries } from './tables.ts';
export { updateWebhook } from './update-webhook.ts';
