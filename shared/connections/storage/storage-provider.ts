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
  /**
   * Everything whose key starts with `prefix` and whose rest matches `pattern`, in the order of the
   * keys: `*` is any characters (`/` too), `?` is one, all else is itself.
   */
  list(prefix: string, options?: { pattern?: string }): AsyncIterable<ListedFile>;
  /** Copies bytes and content type; DomainNotFoundError when there is nothing at `from`. */
  copy(from: string, to: string): Promise<void>;
  /** Removes the file; nothing there is fine. */
  delete(key: string): Promise<void>;
  /** An address that gives whoever has it this one file (GET, with Range) until it expires. */
  signDownload(key: string, options: SignDownloadOptions): Promise<string>;
  /**
   * A request that lets whoever sends it store this one file until it expires. Not every provider can
   * bind sizes or types: look at `metadata` before you believe what came.
   */
  signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload>;
}

export interface SignDownloadOptions {
  /** 1 second to 7 days. */
  expiresInSeconds: number;
  /** What the answer says it is, instead of what was stored. */
  contentType?: string;
  /** What a browser calls it; any text. */
  fileName?: string;
  /** Shown rather than saved; only for types that run nothing. */
  inline?: boolean;
}

export interface SignUploadOptions {
  /** 1 second to 7 days. */
  expiresInSeconds: number;
  contentType: string;
  /** Exactly so many bytes; bound by the signatures of local, memory and s3. */
  sizeBytes?: number;
  /** At most so many bytes; bound by the signature of local and memory. */
  maxBytes?: number;
}

/**
 * PUT sends the bytes as the body with these headers. POST sends a form (multipart/form-data) of
 * these fields, then the bytes as its field `file`.
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
