export {
  can,
  type Decision,
  decide,
  permissionsHeld,
  type Resource,
  requireCan,
  standingOf,
} from './can.ts';
export * from './context.ts';
export { type Action, defineAction } from './define-action.ts';
export { email, line, text } from './fields.ts';
export { systemContext } from './system-context.ts';
export { readTenant, withTenant } from './tenant.ts';
