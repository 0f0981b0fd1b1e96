/** Addresses of the servers of the tests, set by the test runner. */
export const testEnvironment = {
  databaseUrl: process.env.DATABASE_URL ?? '',
  relayUrl: process.env.DATABASE_RELAY_URL ?? '',
  identityUrl: process.env.DATABASE_IDENTITY_URL ?? '',
  encryptionKey: process.env.ENCRYPTION_KEY,
  migrationUrl: process.env.DATABASE_MIGRATION_URL ?? '',
  adminUrl: process.env.POSTGRES_URL ?? '',
  valkeyUrl: process.env.VALKEY_URL ?? '',
  /** All environment variables. */
  variables: process.env,
};
