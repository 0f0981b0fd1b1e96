import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ByteSource,
  createByteMeter,
  limitBytes,
  readChunks,
} from '@insightdesk/shared/streams';
import { z } from 'zod';
import {
  hasCode,
  moveDurably,
  openTempFolder,
  pruneEmptyFolders,
  writeDurably,
} from './durable-files.ts';
import { fileStream } from './file-stream.ts';
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

const MAX_TEMP_FILE_AGE_MS = 24 * 60 * 60 * 1000;
// Keys contain no `~`, so the names of folders and descriptions never equal the name of a file.
const FOLDER_SUFFIX = '~';
const DESCRIPTION_SUFFIX = '~meta';

const descriptionSchema = z.object({ contentType: z.string(), sizeBytes: z.number() });
type FileDescription = z.output<typeof descriptionSchema>;

/** Stores files in a directory that several processes may share. */
export class LocalStorage implements StorageProvider {
  readonly #files: string;
  readonly #incoming: string;

  readonly #signer: UrlSigner;

  constructor(directory: string, signer: UrlSigner) {
    this.#signer = signer;
    this.#files = join(directory, 'files');
    this.#incoming = join(directory, 'incoming');
    openTempFolder(this.#incoming, MAX_TEMP_FILE_AGE_MS);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, maxBytes = Number.POSITIVE_INFINITY, signal } = options;
    const path = this.#pathOf(key);
    const [temp, description] = [this.#tempPath(), this.#tempPath()];
    const meter = createByteMeter();
    const chunks = meter.through(limitBytes(readChunks(source, signal), maxBytes));
    try {
      await writeDurably(temp, chunks, () => {
        const { sizeBytes } = meter.result();
        return writeDurably(description, toChunks({ contentType, sizeBytes }));
      });
      signal?.throwIfAborted();
      // The file is moved last, because it completes the upload.
      await moveDurably([description, path + DESCRIPTION_SUFFIX], [temp, path]);
    } catch (error) {
      await Promise.all([temp, description].map((file) => rm(file, { force: true })));
      throw error;
    }
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const file = await this.#open(key);
    try {
      const { size } = await file.stat();
      return fileStream(file, resolveRange(range, size));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const file = await unlessMissing(stat(this.#pathOf(key)));
    if (!file) return undefined;
    const description = await this.#readDescription(key);
    const isMatching = description?.sizeBytes === file.size;
    return {
      sizeBytes: file.size,
      contentType: isMatching ? description.contentType : 'application/octet-stream',
      modifiedAt: file.mtime,
    };
  }

  async exists(key: string): Promise<boolean> {
    return (await unlessMissing(stat(this.#pathOf(key)))) !== undefined;
  }

  list(prefix: string): AsyncIterable<ListedFile> {
    return this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix);
  }

  async copy(from: string, to: string): Promise<void> {
    const { contentType } = (await this.metadata(from)) ?? {};
    if (contentType === undefined) throw fileNotFound();
    await this.upload(to, await this.download(from), { contentType });
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await rm(path, { force: true });
    await rm(path + DESCRIPTION_SUFFIX, { force: true });
    await pruneEmptyFolders(dirname(path), this.#files);
  }

  signDownload = async (key: string, options: SignDownloadOptions) =>
    signDownloadUrl(this.#signer, key, options);

  signUpload = async (key: string, options: SignUploadOptions) =>
    signUploadUrl(this.#signer, key, options);

  #pathOf(key: string): string {
    return join(this.#files, key.replaceAll('/', `${FOLDER_SUFFIX}/`));
  }

  #tempPath(): string {
    return join(this.#incoming, `${process.pid}-${crypto.randomUUID()}`);
  }

  async #open(key: string): Promise<FileHandle> {
    const file = await unlessMissing(open(this.#pathOf(key), 'r'));
    if (!file) throw fileNotFound();
    return file;
  }

  async #readDescription(key: string): Promise<FileDescription | undefined> {
    const text = await unlessMissing(readFile(this.#pathOf(key) + DESCRIPTION_SUFFIX, 'utf8'));
    return text === undefined ? undefined : parseDescription(text);
  }

  async *#walk(folder: string, prefix: string): AsyncGenerator<ListedFile> {
    const path = this.#pathOf(`${folder}x`);
    const entries = await unlessMissing(readdir(dirname(path), { withFileTypes: true }));
    const keys = (entries ?? [])
      .filter((entry) => !entry.name.endsWith(DESCRIPTION_SUFFIX))
      .map((entry) => folder + entry.name.replace(FOLDER_SUFFIX, '/'))
      .filter((key) => key.startsWith(prefix));
    for (const key of keys.sort()) {
      if (key.endsWith('/')) yield* this.#walk(key, prefix);
      else yield* this.#listFile(key);
    }
  }

  async *#listFile(key: string): AsyncGenerator<ListedFile> {
    const file = await unlessMissing(stat(this.#pathOf(key)));
    if (file) yield { key, sizeBytes: file.size, modifiedAt: file.mtime };
  }
}

const toChunks = (description: FileDescription) =>
  readChunks(new TextEncoder().encode(JSON.stringify(description)));

function parseDescription(text: string): FileDescription | undefined {
  try {
    return descriptionSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
