/** Files by key: whole or not at all, on any provider. */
export { createAzureClient } from './azure/azure-client.ts';
export {
  createMemoryStorage,
  createStorage,
  type ProviderFactory,
  registerProvider,
  type StorageConfig,
  type StorageDependencies,
} from './create-storage.ts';
export type {
  ByteRange,
  FileMetadata,
  ListedFile,
  SignDownloadOptions,
  SignedUpload,
  SignUploadOptions,
  StorageProvider,
  StoredFile,
  UploadOptions,
} from './storage-provider.ts';
export { createS3Client } from './s3/s3-client.ts';
export {
  createUrlSigner,
  type SignedAccess,
  type SignedRead,
  type SignedWrite,
  type UrlSigner,
  type UrlSignerOptions,
} from './url-signer.ts';
