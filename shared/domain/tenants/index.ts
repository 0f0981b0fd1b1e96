/** Organisations: the tenants of the system. */
export { organizations } from './tables.ts';
export { organizationView, toOrganization } from './view.ts';
