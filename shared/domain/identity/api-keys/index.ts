/** API keys, with which other systems of an organization call the API. */
export { generateSecret, parseSecret } from './api-key-secret.ts';
export { createApiKey } from './create-api-key.ts';
export * as apiKeyEvents from './events.ts';
export { getApiKey } from './get-api-key.ts';
export * as apiKeyJobs from './jobs.ts';
export { listApiKeys } from './list-api-keys.ts';
export { revokeApiKey } from './revoke-api-key.ts';
export { endOverlap, rotateApiKey } from './rotate-api-key.ts';
export { withApiKeys } from './with-api-keys.ts';
