/** API keys: what other systems of an organisation come in with. */
export { createKey } from './create-api-key.ts';
export * as keyEvents from './events.ts';
export { getKey } from './get-api-key.ts';
export * as keyJobs from './jobs.ts';
export { listKeys } from './list-api-keys.ts';
export { revokeKey } from './revoke-api-key.ts';
export { rotateKey } from './rotate-api-key.ts';
export { newSecret, readSecret } from './api-key-secret.ts';
export { tellOverlapEnded } from './tell-overlap-ended.ts';
export { withApiKeys } from './with-api-keys.ts';
