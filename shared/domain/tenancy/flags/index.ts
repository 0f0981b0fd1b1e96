/** Feature flags of organizations; a change is live in every process within a second. */

export * as flagEvents from './events.ts';
export { type FlagName, flagCatalog, flagNames } from './flag-catalog.ts';
export { getFlag, getFlags } from './get-flag.ts';
export { listFlags } from './list-flags.ts';
export { updateFlags, writeFlags } from './update-flags.ts';
