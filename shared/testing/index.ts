/** Test support: contexts on real servers, test servers, `until`. */
export { type AuthenticatorOptions, createAuthenticator } from './authenticator.ts';
export { startCloudinaryServer } from './cloudinary-server.ts';
export { startDatabaseProxy } from './database-proxy.ts';
export { type EmailLinkPurpose, findEmailLink } from './find-email-link.ts';
export { openIsolatedDatabase } from './isolated-database.ts';
export { createIsolatedTestContext } from './isolated-test-context.ts';
export { createRandom } from './random.ts';
export { openRawWebSocket } from './raw-web-socket.ts';
export { startS3Server } from './s3-server.ts';
export { startStorageServer } from './storage-server.ts';
export { findClosedPort, startTcpProxy, startTcpServer } from './tcp-server.ts';
export {
  authenticatedContext,
  createTestContext,
  createTestTenant,
  userIdOf,
  verifyEmail,
} from './test-context.ts';
export { createTestDatabase } from './test-database.ts';
export { testEnvironment } from './test-environment.ts';
export { bombAvif, createPng, pngChunk, randomPng } from './test-images.ts';
export { bySize, isLongTier } from './tier.ts';
export { totpCode } from './totp-code.ts';
export { until } from './until.ts';
