/** API keys: what other systems of an organisation come in with. */
export { createKey } from './create-key.ts';
export * as keyEvents from './events.ts';
export { getKey } from './get-key.ts';
export * as keyJobs from './jobs.ts';
export { listKeys } from './list-keys.ts';
export { revokeKey } from './revoke-key.ts';
export { rotateKey } from './rotate-key.ts';
export { newSecret, readSecret } from './secret.ts';
export { tellOverlapEnded } from './tell-overlap-ended.ts';
export { withApiKeys } from './with-api-keys.ts';
