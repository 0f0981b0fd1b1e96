/** Assembles services and commands; the only module that imports all others. */
export { type App, boot } from './boot.ts';
export type { ValkeyPurpose } from './connect-valkey.ts';
export { type AppContainer, createAppContainer } from './container.ts';
export { purgeTenantKeys } from './purge-tenant-keys.ts';
export { type CommandApp, runCommand } from './run-command.ts';
export { testAllConnections } from './test-all-connections.ts';
