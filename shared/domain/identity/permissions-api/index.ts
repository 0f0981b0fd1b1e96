/** Lists permissions and explains decisions about them. */
export { explainPermission } from './explain-permission.ts';
export { listPermissions } from './list-permissions.ts';
