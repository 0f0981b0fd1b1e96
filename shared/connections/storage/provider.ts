import type { ByteSource } from '@insightdesk/shared/streams';

/** A place for files, addressed by keys; every provider passes the conformance suite. */
export interface StorageProvider {
  /**
   * Stores all bytes or nothing, replacing what the key held. Throws PayloadTooLargeError beyond
   * `maxBytes`, the signal's reason on abort, and whatever the source fails with.
   */
  upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile>;
  /** Opens the bytes; DomainNotFoundError without them, 416 RANGE_NOT_SATISFIABLE beyond them. */
  download(key: string, options?: { range?: ByteRange }): Promise<ReadableStream<Uint8Array>>;
  metadata(key: string): Promise<FileMetadata | undefined>;
  exists(key: string): Promise<boolean>;
  /** Everything whose key starts with `prefix`, in the order of the keys. */
  list(prefix: string): AsyncIterable<ListedFile>;
  /** Copies bytes and content type; DomainNotFoundError when there is nothing at `from`. */
  copy(from: string, to: string): Promise<void>;
  /** Removes the file; nothing there is fine. */
  delete(key: string): Promise<void>;
}

export interface UploadOptions {
  contentType: string;
  maxBytes?: number;
  signal?: AbortSignal;
}

/** What has been stored; `sha256` is lower-case hex. */
export interface StoredFile {
  sizeBytes: number;
  sha256: string;
}

/** Positions of the first and the last byte, both inclusive; an `end` past the file is the file's. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface FileMetadata {
  sizeBytes: number;
  contentType: string;
  modifiedAt: Date;
}

export interface ListedFile {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}
