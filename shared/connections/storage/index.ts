/** File storage with one interface for all providers. */
export {
  createMemoryStorage,
  createStorage,
  type StorageConfig,
} from './create-storage.ts';
export type { ProviderFactory } from './load-provider.ts';
export { createS3Client } from './s3/s3-client.ts';
export type { ByteRange, ListedFile, StorageProvider } from './storage-provider.ts';
export { createUrlSigner, type SignedAccess, type UrlSigner } from './url-signer.ts';
