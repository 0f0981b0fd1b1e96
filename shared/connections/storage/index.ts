/** Files by key: whole or not at all, on any provider. */
export {
  createMemoryStorage,
  createStorage,
  type ProviderFactory,
  registerProvider,
  type StorageConfig,
  type StorageParts,
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
} from './provider.ts';
export {
  createUrlSigner,
  SIGNED_PATH,
  type SignedAccess,
  type SignedRead,
  type SignedWrite,
  type UrlSigner,
  type UrlSignerOptions,
} from './url-signer.ts';
