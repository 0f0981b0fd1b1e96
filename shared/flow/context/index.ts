export {
  can,
  conversationsOf,
  type Decision,
  decide,
  permissionsHeld,
  type Resource,
  requireCan,
  standingOf,
} from './can.ts';
export * from './context.ts';
export { type Action, defineAction } from './define-action.ts';
export { email, line, name, text } from './fields.ts';
export { notMatched, requireMatch } from './require-match.ts';
export { systemContext } from './system-context.ts';
export { readTenant, withTenant } from './tenant.ts';
