/** Feature flags of organizations; a change is live in every process within a second. */

export * as flagEvents from './events.ts';
export { type FlagName, flagCatalog, flagNames } from './flag-catalog.ts';
export { getFlag, getFlags, listFlags } from './get-flag.ts';
export { updateFlags, writeFlags } from './update-flags.ts';
