export * from './actor.ts';
export {
  authorizationVersionOf,
  can,
  conversationsOf,
  type Decision,
  decide,
  type PermissionHolder,
  permissionsHeld,
  type Resource,
  type RestrictedRole,
  requireCan,
} from './can.ts';
export type { Connections } from './connections.ts';
export * from './context.ts';
export { type Action, defineAction } from './define-action.ts';
export { email, line, name, text } from './fields.ts';
export * from './quotas.ts';
export { notMatched, requireMatch } from './require-match.ts';
export { systemContext } from './system-context.ts';
export { readTenant, withTenant } from './tenant.ts';
