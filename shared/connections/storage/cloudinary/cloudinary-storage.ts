import { DomainValidationError, ValidationError } from '@insightdesk/shared/errors';
import type { ByteSource } from '@insightdesk/shared/streams';
import { z } from 'zod';
import { fileNotFound, isRangeResponse, rangeHeader, resolveRange } from '../ranges.ts';
import { readResponseBody } from '../remote/response-body.ts';
import { sliceStream } from '../remote/slice-stream.ts';
import { readParts } from '../remote/upload-parts.ts';
import type {
  ByteRange,
  FileMetadata,
  ListedFile,
  SignDownloadOptions,
  SignedUpload,
  SignUploadOptions,
  StorageProvider,
  StoredFile,
  UploadOptions,
} from '../storage-provider.ts';
import {
  type CloudinaryClient,
  type CloudinaryOptions,
  createCloudinaryClient,
  now,
} from './cloudinary-client.ts';
import { uploadInChunks } from './upload-in-chunks.ts';

export type { CloudinaryOptions } from './cloudinary-client.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;
const HOUR_SECONDS = 3600;
const MAX_KEY_LENGTH = 255;

const resourceSchema = z.object({
  public_id: z.string(),
  bytes: z.number(),
  created_at: z.coerce.date(),
  context: z.object({ custom: z.record(z.string(), z.string()) }).optional(),
});
const pageSchema = z.object({
  resources: z.array(resourceSchema),
  next_cursor: z.string().optional(),
});

/** Stores files as private raw assets of a Cloudinary account. */
export class CloudinaryStorage implements StorageProvider {
  readonly #cloud: CloudinaryClient;

  constructor(options: CloudinaryOptions) {
    this.#cloud = createCloudinaryClient(options);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = readParts(source, options, CHUNK_BYTES);
    const sign = (isEmpty: boolean) => this.#sign(key, contextOf(contentType, isEmpty), now());
    await uploadInChunks(this.#cloud, { chunks: parts, sign, signal });
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const headers = rangeHeader(range);
    if (!headers) return this.#rejectRange(key, range);
    const url = await this.#cloud.urlOf(requireShortKey(key), HOUR_SECONDS, false);
    const response = await this.#cloud.request({
      method: 'GET',
      url,
      headers,
      expected: [404, 416],
    });
    const sizeBytes = Number(response.headers.get('Content-Length') ?? 2);
    if (response.ok && sizeBytes > 1 && isRangeResponse(response, range))
      return readResponseBody(response);
    if (response.status === 200 && sizeBytes > 1 && range) {
      return sliceStream(readResponseBody(response), resolveRange(range, sizeBytes));
    }
    return this.#downloadShort(key, response, range);
  }

  /** A file of one byte may represent an empty file; see `contextOf`. */
  async #downloadShort(key: string, response: Response, range: ByteRange | undefined) {
    if (!response.ok) await response.body?.cancel();
    if (response.status === 404) throw fileNotFound();
    const found = await this.metadata(key);
    if (!response.ok || !found) return this.#rejectRange(key, range);
    const { start, length } = resolveRange(range, found.sizeBytes);
    const isPartial = response.status === 206;
    return sliceStream(readResponseBody(response), { start: isPartial ? 0 : start, length });
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const response = await this.#cloud.getResource(requireShortKey(key), { context: 'true' });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    const resource = await parseResponse(response, resourceSchema);
    return { ...sizeAndDateOf(resource), contentType: typeOf(resource) };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.metadata(key)) !== undefined;
  }

  /** The service does not sort by key: all files are collected and sorted here. */
  async *list(prefix: string): AsyncGenerator<ListedFile> {
    const found: ListedFile[] = [];
    let cursor: string | undefined;
    do {
      const more = cursor ? { next_cursor: cursor } : {};
      const query = { prefix, max_results: '500', context: 'true', ...more };
      const page = await parseResponse(await this.#cloud.getResource(undefined, query), pageSchema);
      for (const one of page.resources) found.push({ key: one.public_id, ...sizeAndDateOf(one) });
      cursor = page.next_cursor === cursor ? undefined : page.next_cursor;
    } while (cursor);
    yield* found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async copy(from: string, to: string): Promise<void> {
    const found = await this.metadata(from);
    if (!found) throw fileNotFound();
    if (from !== to) {
      await this.upload(to, await this.download(from), { contentType: found.contentType });
    }
  }

  async delete(key: string): Promise<void> {
    const fields = { public_id: requireShortKey(key), invalidate: 'true' };
    const action = await this.#cloud.signAction('destroy', fields, now());
    const response = await this.#cloud.request({
      method: 'POST',
      url: action.url,
      body: toForm(action.fields),
    });
    await response.body?.cancel();
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { fileName, inline, expiresInSeconds } = options;
    const isDownload = fileName !== undefined && !inline;
    return this.#cloud.urlOf(requireShortKey(key), expiresInSeconds, isDownload);
  }

  async signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload> {
    const { contentType, expiresInSeconds } = options;
    // A signature is valid for an hour from its timestamp: an earlier timestamp shortens it.
    const timestamp = now() - HOUR_SECONDS + Math.min(expiresInSeconds, HOUR_SECONDS);
    const { url, fields } = await this.#sign(key, contextOf(contentType, false), timestamp);
    return { url, method: 'POST', headers: {}, fields };
  }

  #sign(key: string, context: string, timestamp: number) {
    const fields = {
      public_id: requireShortKey(key),
      context,
      overwrite: 'true',
      invalidate: 'true',
    };
    return this.#cloud.signAction('upload', fields, timestamp);
  }

  async #rejectRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new ValidationError('Cloudinary rejected a valid range');
  }
}

/** The service stores neither the type of raw files nor empty files: an empty file is one byte and a mark. */
function contextOf(contentType: string, isEmpty: boolean): string {
  const type = `type=${Buffer.from(contentType).toString('base64url')}`;
  return isEmpty ? `${type}|empty=1` : type;
}

function typeOf({ context }: z.output<typeof resourceSchema>): string {
  const type = context?.custom.type;
  return type ? Buffer.from(type, 'base64url').toString() : 'application/octet-stream';
}

const sizeAndDateOf = ({ bytes, created_at, context }: z.output<typeof resourceSchema>) => ({
  sizeBytes: context?.custom.empty === '1' ? 0 : bytes,
  modifiedAt: created_at,
});

async function parseResponse<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  const { success, data, error } = schema.safeParse(await response.json().catch(() => undefined));
  if (success) return data;
  throw new ValidationError('The response of Cloudinary is not valid', { cause: error });
}

function requireShortKey(key: string): string {
  if (key.length <= MAX_KEY_LENGTH) return key;
  const rule = `A Cloudinary key has at most ${MAX_KEY_LENGTH} characters`;
  throw new DomainValidationError(rule, { code: 'INVALID_KEY' });
}

function toForm(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
