/** Organizations: the tenants of the system. */
export { tenantQuota } from './default-quota.ts';
export { disableOrganization, enableOrganization } from './disable-organization.ts';
export { TenantErrors } from './errors.ts';
export * as tenantEvents from './events.ts';
export { allowsReopening, getOrganization } from './get-organization.ts';
export { readBytesLeft, requireBytesLeft } from './require-bytes-left.ts';
export { requireEnabledOrganization, requireOrganization } from './require-organization.ts';
export { requireSeat } from './require-seat.ts';
export { releaseBytes, reserveBytes } from './reserve-bytes.ts';
export { searchOrganizations } from './search-organizations.ts';
export {
  type StaffNaming,
  selectStaffNaming,
  staffNaming,
  staffNamingColumn,
  staffNamingOfTenant,
} from './staff-naming.ts';
export { organizations } from './tables.ts';
export { updateOrganization } from './update-organization.ts';
export { updateQuota } from './update-quota.ts';
export { organizationView, toOrganization } from './view.ts';
