export * from './actor.ts';
export {
  authorizationVersionOf,
  can,
  customerScopeOf,
  decide,
  effectivePermissions,
  type Resource,
  type RestrictedRole,
  requireCan,
} from './can.ts';
export type { Connections } from './connections.ts';
export * from './context.ts';
export { type Action, defineAction } from './define-action.ts';
export { displayName, email, languageTag, singleLine, text, timeZone } from './fields.ts';
export * from './quotas.ts';
export { preconditionFailed, requireMatch } from './require-match.ts';
export { requireSystem, systemContext } from './system-context.ts';
export { readTenant, requireLiveSession, withTenant } from './tenant.ts';
