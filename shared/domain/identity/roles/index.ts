/** Custom roles: what an organisation takes out of the built-in ones. */
export { addRole } from './create-role.ts';
export { RoleErrors } from './errors.ts';
export * as roleEvents from './events.ts';
export { getRole } from './get-role.ts';
export { listRoles } from './list-roles.ts';
export { misfitOf } from './invalid-permission-set.ts';
export { removeRole } from './delete-role.ts';
export { requireRole } from './require-role.ts';
export { customRoles } from './tables.ts';
export { updateRole } from './update-role.ts';
