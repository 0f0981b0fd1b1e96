import { InfrastructureError } from '@insightdesk/shared/errors';
import type { ByteSource } from '@insightdesk/shared/streams';
import { contentDisposition } from '@insightdesk/shared/utils';
import { fileNotFound, isRangeResponse, rangeHeader, resolveRange } from '../ranges.ts';
import { readResponseBody } from '../remote/response-body.ts';
import { readParts, splitFirst } from '../remote/upload-parts.ts';
import { xmlElements, xmlText } from '../remote/xml.ts';
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
import { multipartUpload } from './multipart-upload.ts';

import { createS3Client, type S3Client, type S3Options } from './s3-client.ts';

export type { S3Options } from './s3-client.ts';

/** The minimum of S3: an upload has one part in memory. */
const PART_BYTES = 5 * 1024 * 1024;
const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** Stores files in a bucket of S3 or of a service with the same protocol. */
export class S3Storage implements StorageProvider {
  readonly #bucket: S3Client;
  readonly #options: S3Options;

  constructor(options: S3Options) {
    this.#bucket = createS3Client(options);
    this.#options = options;
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = readParts(source, options, PART_BYTES);
    const { first, isOnly, all } = await splitFirst(parts, PART_BYTES);
    signal?.throwIfAborted();
    const headers = { 'content-type': contentType };
    if (!isOnly) await multipartUpload(this.#bucket, { key, headers, parts: all, signal });
    else await this.#bucket.request({ method: 'PUT', key, headers, body: first, signal });
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const headers = rangeHeader(range);
    if (!headers) return this.#rejectRange(key, range);
    const response = await this.#bucket.request({
      method: 'GET',
      key,
      headers,
      expected: [404, 416],
    });
    if (isRangeResponse(response, range)) return readResponseBody(response);
    if (response.status === 404) throw notFound(await response.text());
    await response.body?.cancel();
    return this.#rejectRange(key, range);
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const response = await this.#bucket.request({ method: 'HEAD', key, expected: [404] });
    if (response.status === 404) return undefined;
    return {
      sizeBytes: Number(response.headers.get('Content-Length')),
      contentType: response.headers.get('Content-Type') ?? 'application/octet-stream',
      modifiedAt: new Date(response.headers.get('Last-Modified') ?? 0),
    };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.metadata(key)) !== undefined;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    let token: string | undefined;
    do {
      const query = { 'list-type': '2', prefix, ...(token && { 'continuation-token': token }) };
      const page = await this.#bucket.requestText({ method: 'GET', query });
      for (const entry of xmlElements(page, 'Contents')) yield toListed(entry);
      const next = xmlText(page, 'NextContinuationToken');
      token = next === token ? undefined : next;
    } while (token);
  }

  async copy(from: string, to: string): Promise<void> {
    const found = await this.metadata(from);
    if (!found) throw fileNotFound();
    if (from === to) return;
    if (found.sizeBytes > MAX_COPY_BYTES) {
      await this.upload(to, await this.download(from), { contentType: found.contentType });
      return;
    }
    const headers = { 'x-amz-copy-source': `/${this.#options.bucket}/${from}` };
    await this.#bucket.requestText({ method: 'PUT', key: to, headers });
  }

  async delete(key: string): Promise<void> {
    const response = await this.#bucket.request({ method: 'DELETE', key, expected: [404] });
    await response.body?.cancel();
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { contentType, fileName, inline, expiresInSeconds } = options;
    const hasDisposition = fileName !== undefined || inline !== undefined;
    const query = {
      ...(contentType && { 'response-content-type': contentType }),
      ...(hasDisposition && {
        'response-content-disposition': contentDisposition(fileName, inline),
      }),
    };
    return this.#bucket.presign({ method: 'GET', key, query }, expiresInSeconds);
  }

  async signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload> {
    const { contentType, sizeBytes, expiresInSeconds } = options;
    const length = sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) };
    const headers = { 'content-type': contentType, ...length };
    const url = this.#bucket.presign({ method: 'PUT', key, headers }, expiresInSeconds);
    return { url, method: 'PUT', headers: { 'Content-Type': contentType } };
  }

  async #rejectRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new InfrastructureError('The bucket rejected a valid range');
  }
}

const notFound = (response: string) =>
  xmlText(response, 'Code') === 'NoSuchBucket'
    ? new InfrastructureError('The bucket does not exist')
    : fileNotFound();

const toListed = (entry: string): ListedFile => ({
  key: xmlText(entry, 'Key') ?? '',
  sizeBytes: Number(xmlText(entry, 'Size')),
  modifiedAt: new Date(xmlText(entry, 'LastModified') ?? 0),
});
