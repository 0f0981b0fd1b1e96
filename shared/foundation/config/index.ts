/** Configuration; the only module that reads environment variables. */
export { knownKeys } from './environment.ts';
export { type LoadedConfig, loadConfig, loadConfigWithSecrets } from './load-config.ts';
export { getArray, getBoolean, getNamespace, getNumber, getString } from './lookup.ts';
export { isSecretName } from './secrets/is-secret-name.ts';
export { SecretDeniedError, type SecretProvider } from './secrets/secret-provider.ts';
export type { SecretAccess } from './secrets/secret-store.ts';
export { isForService } from './service-secrets.ts';
export type { Config, ServiceName } from './shape-config.ts';
