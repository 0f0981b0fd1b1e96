/** The only module that reads the environment. */
export { knownKeys } from './environment.ts';
export {
  type LoadOptions,
  type LoadWithSecretsOptions,
  loadConfig,
  loadConfigWithSecrets,
} from './load-config.ts';
export { getArray, getBoolean, getNamespace, getNumber, getString } from './lookup.ts';
export { SecretDeniedError, type SecretProvider } from './secrets/provider.ts';
export { isSecretName } from './secrets/secret-names.ts';
export { createSecrets, type SecretAccess, type Secrets } from './secrets/secrets.ts';
export type { Config, ServiceName } from './shape.ts';
