/** Reports errors to a tracker that speaks Sentry's protocol. */
export { createSentryTracker, type SentryOptions, type SentryOutcome } from './sentry-tracker.ts';
