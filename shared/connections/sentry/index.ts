/** Reports errors to a tracker with Sentry's protocol. */
export { type ReceivedEvent, startErrorReceiver } from './error-receiver.ts';
export { pingSentry } from './ping-sentry.ts';
export { createSentryTracker, type SentryOutcome } from './sentry-tracker.ts';
