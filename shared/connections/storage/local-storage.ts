import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ByteSource, createMeter, limitBytes, readChunks } from '@insightdesk/shared/streams';
import { z } from 'zod';
import {
  hasCode,
  moveDurably,
  openTempFolder,
  pruneEmptyFolders,
  writeDurably,
} from './durable-files.ts';
import { fileStream } from './file-stream.ts';
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
import { fileNotFound, resolveRange } from './ranges.ts';
import { signDownloadUrl, signUploadUrl, type UrlSigner } from './url-signer.ts';

const STALE_AFTER_MS = 24 * 60 * 60 * 1000;
// Not in the alphabet of keys: neither a folder nor a description can be mistaken for a file.
const FOLDER_MARK = '~';
const META_MARK = '~meta';

const metaSchema = z.object({ contentType: z.string(), sizeBytes: z.number() });
type Meta = z.output<typeof metaSchema>;

/** Keeps files in a directory that several processes may share. */
export class LocalStorage implements StorageProvider {
  readonly #files: string;
  readonly #incoming: string;

  readonly #signer: UrlSigner;

  constructor(directory: string, signer: UrlSigner) {
    this.#signer = signer;
    this.#files = join(directory, 'files');
    this.#incoming = join(directory, 'incoming');
    openTempFolder(this.#incoming, STALE_AFTER_MS);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, maxBytes = Number.POSITIVE_INFINITY, signal } = options;
    const path = this.#pathOf(key);
    const [temp, description] = [this.#tempPath(), this.#tempPath()];
    const meter = createMeter();
    const chunks = meter.through(limitBytes(readChunks(source, signal), maxBytes));
    try {
      await writeDurably(temp, chunks, () => {
        const { sizeBytes } = meter.result();
        return writeDurably(description, describe({ contentType, sizeBytes }));
      });
      signal?.throwIfAborted();
      // The file itself comes last: its arrival is what makes an upload true.
      await moveDurably([description, path + META_MARK], [temp, path]);
    } catch (error) {
      await Promise.all([temp, description].map((one) => rm(one, { force: true })));
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
    const found = await unlessMissing(stat(this.#pathOf(key)));
    if (!found) return undefined;
    const meta = await this.#readMeta(key);
    const isItsOwn = meta?.sizeBytes === found.size;
    return {
      sizeBytes: found.size,
      contentType: isItsOwn ? meta.contentType : 'application/octet-stream',
      modifiedAt: found.mtime,
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
    await rm(path + META_MARK, { force: true });
    await pruneEmptyFolders(dirname(path), this.#files);
  }

  signDownload = async (key: string, options: SignDownloadOptions) =>
    signDownloadUrl(this.#signer, key, options);

  signUpload = async (key: string, options: SignUploadOptions) =>
    signUploadUrl(this.#signer, key, options);

  #pathOf(key: string): string {
    return join(this.#files, key.replaceAll('/', `${FOLDER_MARK}/`));
  }

  #tempPath(): string {
    return join(this.#incoming, `${process.pid}-${crypto.randomUUID()}`);
  }

  async #open(key: string): Promise<FileHandle> {
    const file = await unlessMissing(open(this.#pathOf(key), 'r'));
    if (!file) throw fileNotFound();
    return file;
  }

  async #readMeta(key: string): Promise<Meta | undefined> {
    const text = await unlessMissing(readFile(this.#pathOf(key) + META_MARK, 'utf8'));
    return text === undefined ? undefined : parseMeta(text);
  }

  async *#walk(folder: string, prefix: string): AsyncGenerator<ListedFile> {
    const path = this.#pathOf(`${folder}x`);
    const entries = await unlessMissing(readdir(dirname(path), { withFileTypes: true }));
    const keys = (entries ?? [])
      .filter((entry) => !entry.name.endsWith(META_MARK))
      .map((entry) => folder + entry.name.replace(FOLDER_MARK, '/'))
      .filter((key) => key.startsWith(prefix));
    for (const key of keys.sort()) {
      if (key.endsWith('/')) yield* this.#walk(key, prefix);
      else yield* this.#describe(key);
    }
  }

  async *#describe(key: string): AsyncGenerator<ListedFile> {
    const found = await unlessMissing(stat(this.#pathOf(key)));
    if (found) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
  }
}

const describe = (meta: Meta) => readChunks(new TextEncoder().encode(JSON.stringify(meta)));

function parseMeta(text: string): Meta | undefined {
  try {
    return metaSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
