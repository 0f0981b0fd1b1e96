/** Organisations: the tenants of the system. */
export { disableOrganization, enableOrganization } from './disable.ts';
export { TenantErrors } from './errors.ts';
export * as tenantEvents from './events.ts';
export * as tenantJobs from './jobs.ts';
export { cancelJob, getJob, listJobs, retryJob } from './own-jobs.ts';
export { deleteInBatches, deleteOldEvents, deleteOldJobSteps } from './purge.ts';
export { retention } from './retention.ts';
export { organizations } from './tables.ts';
export { organizationView, toOrganization } from './view.ts';
