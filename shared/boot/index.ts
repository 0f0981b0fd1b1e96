/** Puts a service together; the only module that sees everything. */
export { type App, boot } from './boot.ts';
export { type CommandApp, runCommand } from './command.ts';
export { eraseTraces } from './erase-traces.ts';
export { createParts, type Parts, type ValkeyPurpose } from './parts.ts';
export { type ConnectionTest, testAllConnections } from './test-all-connections.ts';
