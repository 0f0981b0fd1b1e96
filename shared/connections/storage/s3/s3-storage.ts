import { InfrastructureError } from '@insightdesk/shared/errors';
import type { ByteSource } from '@insightdesk/shared/streams';
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
import { meteredParts, splitFirst } from '../remote/upload-parts.ts';
import { contentDisposition, xmlElements, xmlText } from '../remote/xml.ts';
import { multipartUpload } from './multipart-upload.ts';

export type { S3Options } from './s3-client.ts';

import { createS3Client, type S3Client, type S3Options } from './s3-client.ts';

const PART_BYTES = 8 * 1024 * 1024;
const COPY_BYTES = 5 * 1024 ** 3;

/** Keeps files in a bucket of S3, or of whatever speaks its protocol. */
export class S3Storage implements StorageProvider {
  readonly #bucket: S3Client;
  readonly #options: S3Options;

  constructor(options: S3Options) {
    this.#bucket = createS3Client(options);
    this.#options = options;
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = meteredParts(source, options, PART_BYTES);
    const { first, isOnly, all } = await splitFirst(parts);
    signal?.throwIfAborted();
    const headers = { 'content-type': contentType };
    if (!isOnly) await multipartUpload(this.#bucket, { key, headers, parts: all, signal });
    else await this.#bucket.ask({ method: 'PUT', key, headers, body: first, signal });
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const headers = rangeHeader(range);
    if (!headers) return this.#refuseRange(key, range);
    const answer = await this.#bucket.ask({ method: 'GET', key, headers, expected: [404, 416] });
    if (isRangeResponse(answer, range)) return readResponseBody(answer);
    if (answer.status === 404) throw missing(await answer.text());
    await answer.body?.cancel();
    return this.#refuseRange(key, range);
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const answer = await this.#bucket.ask({ method: 'HEAD', key, expected: [404] });
    if (answer.status === 404) return undefined;
    return {
      sizeBytes: Number(answer.headers.get('Content-Length')),
      contentType: answer.headers.get('Content-Type') ?? 'application/octet-stream',
      modifiedAt: new Date(answer.headers.get('Last-Modified') ?? 0),
    };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.metadata(key)) !== undefined;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    let token: string | undefined;
    do {
      const query = { 'list-type': '2', prefix, ...(token && { 'continuation-token': token }) };
      const page = await this.#bucket.askText({ method: 'GET', query });
      for (const entry of xmlElements(page, 'Contents')) yield toListed(entry);
      const next = xmlText(page, 'NextContinuationToken');
      token = next === token ? undefined : next;
    } while (token);
  }

  async copy(from: string, to: string): Promise<void> {
    const found = await this.metadata(from);
    if (!found) throw fileNotFound();
    if (from === to) return;
    if (found.sizeBytes > COPY_BYTES) {
      await this.upload(to, await this.download(from), { contentType: found.contentType });
      return;
    }
    const headers = { 'x-amz-copy-source': `/${this.#options.bucket}/${from}` };
    await this.#bucket.askText({ method: 'PUT', key: to, headers });
  }

  async delete(key: string): Promise<void> {
    const answer = await this.#bucket.ask({ method: 'DELETE', key, expected: [404] });
    await answer.body?.cancel();
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { contentType, fileName, inline, expiresInSeconds } = options;
    const named = fileName !== undefined || inline !== undefined;
    const query = {
      ...(contentType && { 'response-content-type': contentType }),
      ...(named && { 'response-content-disposition': contentDisposition(fileName, inline) }),
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

  async #refuseRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new InfrastructureError('A bucket refused a range that its file has');
  }
}

const missing = (answer: string) =>
  xmlText(answer, 'Code') === 'NoSuchBucket'
    ? new InfrastructureError('There is no such bucket')
    : fileNotFound();

const toListed = (entry: string): ListedFile => ({
  key: xmlText(entry, 'Key') ?? '',
  sizeBytes: Number(xmlText(entry, 'Size')),
  modifiedAt: new Date(xmlText(entry, 'LastModified') ?? 0),
});
