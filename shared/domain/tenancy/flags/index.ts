/** Switches that each organisation has while the system runs; live everywhere within a second. */
export { catalogue, type FlagName, flagNames } from './catalogue.ts';
export { changeFlags } from './change-flags.ts';
export * as flagEvents from './events.ts';
export { listFlags } from './list-flags.ts';
export { readFlag, readFlags } from './read-flag.ts';
export { setFlags } from './set-flags.ts';
export { flags } from './tables.ts';
