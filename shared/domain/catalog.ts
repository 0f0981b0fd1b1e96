import { attachmentEvents, attachmentJobs } from '@insightdesk/shared/domain/desk/attachments';
import {
  contactMergeEvents,
  contactMergeJobs,
} from '@insightdesk/shared/domain/desk/contact-merge';
import { contactEvents } from '@insightdesk/shared/domain/desk/contacts';
import {
  conversationEvents,
  conversationJobs,
} from '@insightdesk/shared/domain/desk/conversations';
import { mediaEvents, mediaJobs } from '@insightdesk/shared/domain/desk/media';
import {
  notificationEvents,
  notificationJobs,
} from '@insightdesk/shared/domain/desk/notifications';
import { apiKeyEvents, apiKeyJobs } from '@insightdesk/shared/domain/identity/api-keys';
import {
  customerSignInEvents,
  customerSignInJobs,
} from '@insightdesk/shared/domain/identity/customer-sign-in';
import { roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { userEvents, userJobs } from '@insightdesk/shared/domain/identity/users';
import { jobEvents } from '@insightdesk/shared/domain/integrations/jobs-api';
import { webhookEvents, webhookJobs } from '@insightdesk/shared/domain/integrations/webhooks';
import { auditEvents, auditJobs } from '@insightdesk/shared/domain/tenancy/audit';
import { flagEvents } from '@insightdesk/shared/domain/tenancy/flags';
import { retentionJobs } from '@insightdesk/shared/domain/tenancy/retention';
import {
  tenantDeletionEvents,
  tenantDeletionJobs,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import {
  tenantExportEvents,
  tenantExportJobs,
} from '@insightdesk/shared/domain/tenancy/tenant-export';
import { tenantEvents } from '@insightdesk/shared/domain/tenancy/tenants';
import { createEventCatalog, type EventsOf } from '@insightdesk/shared/events';
import type { JobDefinition, JobsOf, JobTrigger, QueueName } from '@insightdesk/shared/jobs';

interface Feature {
  events: object;
  /** Every job names what enqueues it. */
  jobs: Readonly<
    Record<string, JobDefinition & { triggeredBy: readonly [JobTrigger, ...JobTrigger[]] }>
  >;
}

/**
 * Every feature once; each may import those above it. The lists of events, jobs, channels, webhooks
 * and documents are derived from here.
 */
export const features = {
  'tenancy/retention': { events: {}, jobs: retentionJobs },
  'integrations/jobs-api': { events: jobEvents, jobs: {} },
  'tenancy/audit': { events: auditEvents, jobs: auditJobs },
  'tenancy/tenants': { events: tenantEvents, jobs: {} },
  'identity/roles': { events: roleEvents, jobs: {} },
  'identity/mfa': { events: {}, jobs: {} },
  'tenancy/flags': { events: flagEvents, jobs: {} },
  'identity/users': { events: userEvents, jobs: userJobs },
  'identity/preferences': { events: {}, jobs: {} },
  'identity/identity-providers': { events: {}, jobs: {} },
  'identity/passkeys': { events: {}, jobs: {} },
  'identity/api-keys': { events: apiKeyEvents, jobs: apiKeyJobs },
  'tenancy/usage': { events: {}, jobs: {} },
  'tenancy/tenant-export': { events: tenantExportEvents, jobs: tenantExportJobs },
  'tenancy/tenant-deletion': { events: tenantDeletionEvents, jobs: tenantDeletionJobs },
  'desk/contacts': { events: contactEvents, jobs: {} },
  'desk/attachments': { events: attachmentEvents, jobs: attachmentJobs },
  'desk/media': { events: mediaEvents, jobs: mediaJobs },
  'desk/conversations': { events: conversationEvents, jobs: conversationJobs },
  'desk/contact-merge': { events: contactMergeEvents, jobs: contactMergeJobs },
  'identity/customer-sign-in': { events: customerSignInEvents, jobs: customerSignInJobs },
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
export const events = createEventCatalog(
  ...Object.values(features).map((feature) => feature.events),
);

/** Every job that can be enqueued. */
export const jobs: readonly SystemJob[] = Object.values(features).flatMap((feature) =>
  Object.values(feature.jobs as Record<string, SystemJob>),
);

/** The queues that have a job; the others are reserved for features to come. */
export const usedQueues: ReadonlySet<QueueName> = new Set(jobs.map(({ queue }) => queue));

export const publicEvents = Object.values(events).filter(({ audience }) => audience.webhooks);
