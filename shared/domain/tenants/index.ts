/** Organisations: the tenants of the system. */
export { disableOrganization, enableOrganization } from './disable.ts';
export { TenantErrors } from './errors.ts';
export * as tenantEvents from './events.ts';
export { requireOrganization } from './require-organization.ts';
export { organizations } from './tables.ts';
export { organizationView, toOrganization } from './view.ts';
