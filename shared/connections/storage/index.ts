/** Files by key: whole or not at all, on any provider. */
export { createMemoryStorage, createStorage, type StorageConfig } from './create-storage.ts';
export type {
  ByteRange,
  FileMetadata,
  ListedFile,
  StorageProvider,
  StoredFile,
  UploadOptions,
} from './provider.ts';
