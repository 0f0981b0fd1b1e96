import { attachmentEvents, attachmentJobs } from '@insightdesk/shared/domain/desk/attachments';
import {
  conversationEvents,
  conversationJobs,
} from '@insightdesk/shared/domain/desk/conversations';
import { recordingEvents, recordingJobs } from '@insightdesk/shared/domain/desk/media';
import {
  notificationEvents,
  notificationJobs,
} from '@insightdesk/shared/domain/desk/notifications';
import { keyEvents, keyJobs } from '@insightdesk/shared/domain/identity/api-keys';
import { roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { userEvents, userJobs } from '@insightdesk/shared/domain/identity/users';
import { jobEvents } from '@insightdesk/shared/domain/integrations/jobs-api';
import { webhookEvents, webhookJobs } from '@insightdesk/shared/domain/integrations/webhooks';
import { auditEvents, auditJobs } from '@insightdesk/shared/domain/tenancy/audit';
import { departureEvents, departureJobs } from '@insightdesk/shared/domain/tenancy/departures';
import { flagEvents } from '@insightdesk/shared/domain/tenancy/flags';
import { maintenanceJobs } from '@insightdesk/shared/domain/tenancy/retention';
import { tenantEvents } from '@insightdesk/shared/domain/tenancy/tenants';
import { catalogOf, type EventsOf } from '@insightdesk/shared/events';
import type { JobDefinition, JobsOf, JobTrigger } from '@insightdesk/shared/jobs';

interface Feature {
  events: object;
  /** Each names what enqueues it. */
  jobs: Readonly<
    Record<string, JobDefinition & { triggeredBy: readonly [JobTrigger, ...JobTrigger[]] }>
  >;
}

/**
 * Every feature, once, in the order in which they may know each other: each those above it. All
 * lists of events, jobs, channels, webhooks and documents follow from here.
 */
export const features = {
  'tenancy/retention': { events: {}, jobs: maintenanceJobs },
  'integrations/jobs-api': { events: jobEvents, jobs: {} },
  'tenancy/audit': { events: auditEvents, jobs: auditJobs },
  'tenancy/tenants': { events: tenantEvents, jobs: {} },
  'identity/roles': { events: roleEvents, jobs: {} },
  'identity/mfa': { events: {}, jobs: {} },
  'tenancy/flags': { events: flagEvents, jobs: {} },
  'identity/users': { events: userEvents, jobs: userJobs },
  'identity/identity-providers': { events: {}, jobs: {} },
  'identity/passkeys': { events: {}, jobs: {} },
  'identity/api-keys': { events: keyEvents, jobs: keyJobs },
  'tenancy/usage': { events: {}, jobs: {} },
  'tenancy/departures': { events: departureEvents, jobs: departureJobs },
  'desk/attachments': { events: attachmentEvents, jobs: attachmentJobs },
  'desk/media': { events: recordingEvents, jobs: recordingJobs },
  'desk/conversations': { events: conversationEvents, jobs: conversationJobs },
  'identity/permissions-api': { events: {}, jobs: {} },
  'desk/notifications': { events: notificationEvents, jobs: notificationJobs },
  'integrations/event-ingest': { events: {}, jobs: {} },
  'integrations/webhooks': { events: webhookEvents, jobs: webhookJobs },
} satisfies Readonly<Record<string, Feature>>;

type Features = typeof features;

/** Every event that can be recorded. */
export type SystemEvent = {
  [F in keyof Features]: EventsOf<Features[F]['events']>;
}[keyof Features];

/** Every job that can be enqueued. */
export type SystemJob = { [F in keyof Features]: JobsOf<Features[F]['jobs']> }[keyof Features];

/** Every event by its name. */
export const events = catalogOf(...Object.values(features).map((feature) => feature.events));

/** The name of every job. */
export const jobNames: readonly string[] = Object.values(features).flatMap(({ jobs }) =>
  Object.values(jobs as Record<string, SystemJob>).map(({ name }) => name),
);

/** The events that webhooks may be told of. */
export const publicEvents = Object.values(events).filter(({ audience }) => audience.webhooks);
