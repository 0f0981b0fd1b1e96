import type { ByteSource } from '@insightdesk/shared/streams';

/** Stores files by key; every provider passes the conformance suite. */
export interface StorageProvider {
  /**
   * Stores the whole file or nothing, replacing the previous file. Throws PayloadTooLargeError beyond
   * `maxBytes`, the signal's reason on abort, and any error of the source.
   */
  upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile>;
  /** Throws DomainNotFoundError, or 416 RANGE_NOT_SATISFIABLE for a range outside the file. */
  download(key: string, options?: { range?: ByteRange }): Promise<ReadableStream<Uint8Array>>;
  metadata(key: string): Promise<FileMetadata | undefined>;
  exists(key: string): Promise<boolean>;
  /**
   * Files whose key starts with `prefix` and whose remaining key matches `pattern`, sorted by key. In
   * patterns, `*` matches any characters (`/` too) and `?` matches one.
   */
  list(prefix: string, options?: { pattern?: string }): AsyncIterable<ListedFile>;
  /** Copies bytes and content type; throws DomainNotFoundError when `from` does not exist. */
  copy(from: string, to: string): Promise<void>;
  /** Deletes the file, if it exists. */
  delete(key: string): Promise<void>;
  /** A URL that allows downloads of this file (GET, with Range) until it expires. */
  signDownload(key: string, options: SignDownloadOptions): Promise<string>;
  /**
   * A request that allows an upload of this file until it expires. Not every provider can limit size
   * or type: check `metadata` after the upload.
   */
  signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload>;
}

export interface SignDownloadOptions {
  /** 1 second to 7 days. */
  expiresInSeconds: number;
  /** Content type of the response, instead of the stored one. */
  contentType?: string;
  /** Name under which browsers save the file; any text. */
  fileName?: string;
  /** Lets browsers display the file; only for types that cannot run scripts. */
  inline?: boolean;
}

export interface SignUploadOptions {
  /** 1 second to 7 days. */
  expiresInSeconds: number;
  contentType: string;
  /** Exact size; signed by local, memory and s3. */
  sizeBytes?: number;
  /** Maximum size; signed by local and memory. */
  maxBytes?: number;
}

/**
 * PUT sends the bytes as the body with these headers. POST sends a multipart form with these fields,
 * then the bytes as the field `file`.
 */
export interface SignedUpload {
  url: string;
  method: 'PUT' | 'POST';
  headers: Record<string, string>;
  fields?: Record<string, string>;
}

export interface UploadOptions {
  contentType: string;
  maxBytes?: number;
  signal?: AbortSignal;
}

/** A stored file; `sha256` is lower-case hex. */
export interface StoredFile {
  sizeBytes: number;
  sha256: string;
}

/** Positions of the first and the last byte, both inclusive; `end` may exceed the file. */
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
