import { attachmentEvents, attachmentJobs } from '@insightdesk/shared/domain/attachments';
import { auditEvents, auditJobs } from '@insightdesk/shared/domain/audit';
import { conversationEvents, conversationJobs } from '@insightdesk/shared/domain/conversations';
import { departureEvents, departureJobs } from '@insightdesk/shared/domain/departures';
import { flagEvents } from '@insightdesk/shared/domain/flags';
import { jobEvents } from '@insightdesk/shared/domain/jobs';
import { keyEvents, keyJobs } from '@insightdesk/shared/domain/keys';
import { maintenanceJobs } from '@insightdesk/shared/domain/maintenance';
import { notificationEvents, notificationJobs } from '@insightdesk/shared/domain/notifications';
import { recordingEvents, recordingJobs } from '@insightdesk/shared/domain/recordings';
import { roleEvents } from '@insightdesk/shared/domain/roles';
import { tenantEvents } from '@insightdesk/shared/domain/tenants';
import { userEvents, userJobs } from '@insightdesk/shared/domain/users';
import { webhookEvents, webhookJobs } from '@insightdesk/shared/domain/webhooks';
import { catalogOf, type EventsOf } from '@insightdesk/shared/events';
import type { JobsOf } from '@insightdesk/shared/jobs';

/**
 * Every feature, once, in the order in which they may know each other: each those above it. All
 * lists of events, jobs, channels, webhooks and documents follow from here.
 */
export const features = {
  maintenance: { events: {}, jobs: maintenanceJobs },
  jobs: { events: jobEvents, jobs: {} },
  audit: { events: auditEvents, jobs: auditJobs },
  tenants: { events: tenantEvents, jobs: {} },
  roles: { events: roleEvents, jobs: {} },
  factors: { events: {}, jobs: {} },
  flags: { events: flagEvents, jobs: {} },
  users: { events: userEvents, jobs: userJobs },
  providers: { events: {}, jobs: {} },
  passkeys: { events: {}, jobs: {} },
  keys: { events: keyEvents, jobs: keyJobs },
  usage: { events: {}, jobs: {} },
  departures: { events: departureEvents, jobs: departureJobs },
  attachments: { events: attachmentEvents, jobs: attachmentJobs },
  recordings: { events: recordingEvents, jobs: recordingJobs },
  conversations: { events: conversationEvents, jobs: conversationJobs },
  access: { events: {}, jobs: {} },
  notifications: { events: notificationEvents, jobs: notificationJobs },
  inbound: { events: {}, jobs: {} },
  webhooks: { events: webhookEvents, jobs: webhookJobs },
};

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
