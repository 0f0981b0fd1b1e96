/** Who may do what, told to those who ask. */
export { explainPermission } from './explain-permission.ts';
export { listPermissions } from './list-permissions.ts';
