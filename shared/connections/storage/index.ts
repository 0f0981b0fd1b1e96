/** File storage with one interface for all providers. */
export {
  createMemoryStorage,
  createStorage,
  registerProvider,
  type StorageConfig,
} from './create-storage.ts';
export { createS3Client } from './s3/s3-client.ts';
export type { ByteRange, ListedFile, StorageProvider } from './storage-provider.ts';
export { createUrlSigner, type SignedAccess, type UrlSigner } from './url-signer.ts';
