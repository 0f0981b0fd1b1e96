export { createValkey, type Valkey, type ValkeyOptions } from './create-valkey.ts';
export { deleteKeys, scanKeys } from './delete-keys.ts';
export { pingValkey } from './ping-valkey.ts';
export { readServer, type ServerFigures } from './read-server.ts';
export { throttleErrors } from './throttle-errors.ts';
