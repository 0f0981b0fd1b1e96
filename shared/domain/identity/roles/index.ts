/** Custom roles, which restrict the built-in roles. */
export { createRole } from './create-role.ts';
export { deleteRole } from './delete-role.ts';
export * as roleEvents from './events.ts';
export { getRole, requireRole } from './get-role.ts';
export { listRoles } from './list-roles.ts';
export { requireValidPermissionSet } from './require-valid-permission-set.ts';
export { customRoles } from './tables.ts';
export { updateRole } from './update-role.ts';
