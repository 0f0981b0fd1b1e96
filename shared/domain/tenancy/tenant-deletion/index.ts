/** Deletes a tenant with all its data: on request, when due, or because it was never verified. */

export { deleteDueTenants } from './delete-due-tenants.ts';
export { deleteTenant } from './delete-tenant.ts';
export { deleteUnverifiedAccounts } from './delete-unverified-accounts.ts';
export * as tenantDeletionEvents from './events.ts';
export * as tenantDeletionJobs from './jobs.ts';
export { cancelDeletion, requestDeletion } from './request-deletion.ts';
