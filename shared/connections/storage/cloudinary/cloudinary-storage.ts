import { DomainValidationError, ValidationError } from '@insightdesk/shared/errors';
import type { ByteSource } from '@insightdesk/shared/streams';
import { z } from 'zod';
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
import { isRangeResponse, fileNotFound, rangeHeader, resolveRange } from '../ranges.ts';
import { readResponseBody } from '../remote/response-body.ts';
import { meteredParts } from '../remote/upload-parts.ts';
import { sliceStream } from '../remote/slice-stream.ts';
import { uploadInChunks } from './upload-in-chunks.ts';
import {
  type CloudinaryClient,
  type CloudinaryOptions,
  createCloudinaryClient,
  now,
} from './cloudinary-client.ts';

export type { CloudinaryOptions } from './cloudinary-client.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;
const AN_HOUR = 3600;
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

/** Keeps files as private raw assets of a Cloudinary account. */
export class CloudinaryStorage implements StorageProvider {
  readonly #cloud: CloudinaryClient;

  constructor(options: CloudinaryOptions) {
    this.#cloud = createCloudinaryClient(options);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = meteredParts(source, options, CHUNK_BYTES);
    const describe = (isEmpty: boolean) => this.#sign(key, contextOf(contentType, isEmpty), now());
    await uploadInChunks(this.#cloud, { chunks: parts, describe, signal });
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const headers = rangeHeader(range);
    if (!headers) return this.#refuseRange(key, range);
    const url = await this.#cloud.addressOf(requireShort(key), AN_HOUR, false);
    const answer = await this.#cloud.ask({ method: 'GET', url, headers, expected: [404, 416] });
    const sizeBytes = Number(answer.headers.get('Content-Length') ?? 2);
    if (answer.ok && sizeBytes > 1 && isRangeResponse(answer, range)) return readResponseBody(answer);
    if (answer.status === 200 && sizeBytes > 1 && range) {
      return sliceStream(readResponseBody(answer), resolveRange(range, sizeBytes));
    }
    return this.#downloadShort(key, answer, range);
  }

  /** Of a byte it may be said that it is none; see `contextOf`. */
  async #downloadShort(key: string, answer: Response, range: ByteRange | undefined) {
    if (!answer.ok) await answer.body?.cancel();
    if (answer.status === 404) throw fileNotFound();
    const found = await this.metadata(key);
    if (!answer.ok || !found) return this.#refuseRange(key, range);
    const { start, length } = resolveRange(range, found.sizeBytes);
    const isPart = answer.status === 206;
    return sliceStream(readResponseBody(answer), { start: isPart ? 0 : start, length });
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const answer = await this.#cloud.look(requireShort(key), { context: 'true' });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    const resource = await understand(answer, resourceSchema);
    return { ...measure(resource), contentType: typeOf(resource) };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.metadata(key)) !== undefined;
  }

  /** The service has no order of keys: all that are listed are held until they are sorted. */
  async *list(prefix: string): AsyncGenerator<ListedFile> {
    const found: ListedFile[] = [];
    let cursor: string | undefined;
    do {
      const more = cursor ? { next_cursor: cursor } : {};
      const query = { prefix, max_results: '500', context: 'true', ...more };
      const page = await understand(await this.#cloud.look(undefined, query), pageSchema);
      for (const one of page.resources) found.push({ key: one.public_id, ...measure(one) });
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
    const fields = { public_id: requireShort(key), invalidate: 'true' };
    const action = await this.#cloud.signAction('destroy', fields, now());
    const answer = await this.#cloud.ask({
      method: 'POST',
      url: action.url,
      body: toForm(action.fields),
    });
    await answer.body?.cancel();
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { fileName, inline, expiresInSeconds } = options;
    const isSaved = fileName !== undefined && !inline;
    return this.#cloud.addressOf(requireShort(key), expiresInSeconds, isSaved);
  }

  async signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload> {
    const { contentType, expiresInSeconds } = options;
    // What is signed is good for an hour from its time: for less of it, the time is earlier.
    const timestamp = now() - AN_HOUR + Math.min(expiresInSeconds, AN_HOUR);
    const { url, fields } = await this.#sign(key, contextOf(contentType, false), timestamp);
    return { url, method: 'POST', headers: {}, fields };
  }

  #sign(key: string, context: string, timestamp: number) {
    const fields = { public_id: requireShort(key), context, overwrite: 'true', invalidate: 'true' };
    return this.#cloud.signAction('upload', fields, timestamp);
  }

  async #refuseRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new ValidationError('Cloudinary refused a range that its file has');
  }
}

/** The service keeps neither types of raw files nor empty ones: those are one byte and a note. */
function contextOf(contentType: string, isEmpty: boolean): string {
  const type = `type=${Buffer.from(contentType).toString('base64url')}`;
  return isEmpty ? `${type}|empty=1` : type;
}

function typeOf({ context }: z.output<typeof resourceSchema>): string {
  const type = context?.custom.type;
  return type ? Buffer.from(type, 'base64url').toString() : 'application/octet-stream';
}

const measure = ({ bytes, created_at, context }: z.output<typeof resourceSchema>) => ({
  sizeBytes: context?.custom.empty === '1' ? 0 : bytes,
  modifiedAt: created_at,
});

async function understand<T>(answer: Response, schema: z.ZodType<T>): Promise<T> {
  const { success, data, error } = schema.safeParse(await answer.json().catch(() => undefined));
  if (success) return data;
  throw new ValidationError('Cloudinary answered with something else', { cause: error });
}

function requireShort(key: string): string {
  if (key.length <= MAX_KEY_LENGTH) return key;
  const rule = `A key has at most ${MAX_KEY_LENGTH} characters in Cloudinary`;
  throw new DomainValidationError(rule, { code: 'INVALID_KEY' });
}

function toForm(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
