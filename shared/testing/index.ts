/** What tests stand on: real servers, a tenant of their own each. */
export { createAuthenticator, type Manners } from './authenticator.ts';
export { startCloudinaryServer } from './cloudinary-server.ts';
export { createTestContext, createTestTenant, signedIn, userOf, verifyAddress } from './context.ts';
export { createTestDatabase } from './database.ts';
export { testEnvironment } from './environment.ts';
export { lookAtFiles, runOut } from './kept-files.ts';
export { openRemoteStorage } from './remote-storage.ts';
export { openTestStage } from './stage.ts';
export { startStorageServer } from './storage-server.ts';
export { until } from './until.ts';
export { openWayToDatabase } from './way-to-database.ts';
