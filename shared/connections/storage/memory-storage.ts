import type { ByteSource } from '@insightdesk/shared/streams';
import { collectBytes, createByteMeter, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { fileNotFound, resolveRange } from './ranges.ts';
import type {
  ByteRange,
  FileMetadata,
  ListedFile,
  SignDownloadOptions,
  SignUploadOptions,
  StorageProvider,
  StoredFile,
  UploadOptions,
} from './storage-provider.ts';
import { signDownloadUrl, signUploadUrl, type UrlSigner } from './url-signer.ts';

interface MemoryFile {
  bytes: Uint8Array<ArrayBuffer>;
  contentType: string;
  modifiedAt: Date;
}

/** Stores files in memory; for tests and examples. */
export class MemoryStorage implements StorageProvider {
  readonly #files = new Map<string, MemoryFile>();
  readonly #signer: UrlSigner;

  constructor(signer: UrlSigner) {
    this.#signer = signer;
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, maxBytes = Number.POSITIVE_INFINITY, signal } = options;
    const meter = createByteMeter();
    const bytes = await collectBytes(
      meter.through(limitBytes(readChunks(source, signal), maxBytes)),
    );
    this.#files.set(key, { bytes, contentType, modifiedAt: new Date() });
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { bytes } = this.#require(key);
    const { start, length } = resolveRange(range, bytes.byteLength);
    return new Blob([bytes.subarray(start, start + length)]).stream();
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const file = this.#files.get(key);
    if (!file) return undefined;
    const { bytes, contentType, modifiedAt } = file;
    return { sizeBytes: bytes.byteLength, contentType, modifiedAt };
  }

  async exists(key: string): Promise<boolean> {
    return this.#files.has(key);
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    for (const key of [...this.#files.keys()].filter((k) => k.startsWith(prefix)).sort()) {
      const file = this.#files.get(key);
      if (file) yield { key, sizeBytes: file.bytes.byteLength, modifiedAt: file.modifiedAt };
    }
  }

  async copy(from: string, to: string): Promise<void> {
    this.#files.set(to, { ...this.#require(from), modifiedAt: new Date() });
  }

  async delete(key: string): Promise<void> {
    this.#files.delete(key);
  }

  signDownload = async (key: string, options: SignDownloadOptions) =>
    signDownloadUrl(this.#signer, key, options);

  signUpload = async (key: string, options: SignUploadOptions) =>
    signUploadUrl(this.#signer, key, options);

  #require(key: string): MemoryFile {
    const file = this.#files.get(key);
    if (!file) throw fileNotFound();
    return file;
  }
}
