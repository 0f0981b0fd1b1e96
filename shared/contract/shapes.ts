/** The part for the client package: names and types, without the Zod schemas of servers. */
export * from './channels.ts';
export * from './events.ts';
export { fromUuid, type Id, type IdPrefix, isId, toUuid } from './ids.ts';
export * from './permissions.ts';
export * from './socket-inputs.ts';
export * from './socket-outputs.ts';
