export { createValkey, type Valkey, type ValkeyOptions } from './create-valkey.ts';
export { deleteKeys, scanKeys } from './delete-keys.ts';
export { loadValkeyStats, type ValkeyServerStats } from './load-server-stats.ts';
export { pingValkey } from './ping-valkey.ts';
export { throttleErrors } from './throttle-errors.ts';
