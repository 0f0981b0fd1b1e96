import { InfrastructureError, NetworkError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
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
import { type AzureClient, type AzureOptions, createAzureClient } from './azure-client.ts';
import { uploadInBlocks } from './upload-in-blocks.ts';

export type { AzureOptions } from './azure-client.ts';

const BLOCK_BYTES = 8 * 1024 * 1024;
const COPY_POLLS = 600;
const COPY_POLL_MS = 1000;

/** Keeps files as block blobs in a container of Azure. */
export class AzureStorage implements StorageProvider {
  readonly #container: AzureClient;

  constructor(options: AzureOptions) {
    this.#container = createAzureClient(options);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = meteredParts(source, options, BLOCK_BYTES);
    const { first, isOnly, all } = await splitFirst(parts);
    signal?.throwIfAborted();
    const type = { 'x-ms-blob-content-type': contentType };
    if (!isOnly) await uploadInBlocks(this.#container, { key, headers: type, blocks: all, signal });
    else {
      const headers = { ...type, 'x-ms-blob-type': 'BlockBlob' };
      await this.#container.ask({ method: 'PUT', key, headers, body: first, signal });
    }
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const wanted = rangeHeader(range);
    if (!wanted) return this.#refuseRange(key, range);
    const headers: Record<string, string> = wanted.range ? { 'x-ms-range': wanted.range } : {};
    const answer = await this.#container.ask({ method: 'GET', key, headers, expected: [404, 416] });
    if (isRangeResponse(answer, range)) return readResponseBody(answer);
    await answer.body?.cancel();
    if (answer.status === 404) throw fileNotFound();
    return this.#refuseRange(key, range);
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const headers = await this.#look(key);
    if (!headers) return undefined;
    return {
      sizeBytes: Number(headers.get('Content-Length')),
      contentType: headers.get('Content-Type') ?? 'application/octet-stream',
      modifiedAt: new Date(headers.get('Last-Modified') ?? 0),
    };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#look(key)) !== undefined;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    let marker: string | undefined;
    do {
      const query = { restype: 'container', comp: 'list', prefix, ...(marker && { marker }) };
      const page = await (await this.#container.ask({ method: 'GET', query })).text();
      for (const entry of xmlElements(page, 'Blob')) yield toListed(entry);
      const next = xmlText(page, 'NextMarker');
      marker = next === marker ? undefined : next;
    } while (marker);
  }

  async copy(from: string, to: string): Promise<void> {
    if (!(await this.exists(from))) throw fileNotFound();
    if (from === to) return;
    const headers = { 'x-ms-copy-source': this.#container.addressOf(from) };
    const begun = await this.#container.ask({ method: 'PUT', key: to, headers });
    let status = begun.headers.get('x-ms-copy-status');
    for (let poll = 0; status === 'pending'; poll++) {
      if (poll === COPY_POLLS) throw new NetworkError('A copy in the container takes too long');
      await sleep(COPY_POLL_MS);
      status = (await this.#look(to))?.get('x-ms-copy-status') ?? null;
    }
    if (status !== 'success') throw new InfrastructureError(`A copy ended as ${status}`);
  }

  async delete(key: string): Promise<void> {
    await this.#container.ask({ method: 'DELETE', key, expected: [404] });
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { contentType, fileName, inline, expiresInSeconds } = options;
    const named = fileName !== undefined || inline !== undefined;
    return this.#container.addressFor(key, {
      permissions: 'r',
      expiresInSeconds,
      contentType,
      disposition: named ? contentDisposition(fileName, inline) : undefined,
    });
  }

  async signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload> {
    const { contentType, expiresInSeconds } = options;
    const url = this.#container.addressFor(key, { permissions: 'cw', expiresInSeconds });
    const headers = { 'Content-Type': contentType, 'x-ms-blob-type': 'BlockBlob' };
    return { url, method: 'PUT', headers };
  }

  async #look(key: string): Promise<Headers | undefined> {
    const answer = await this.#container.ask({ method: 'HEAD', key, expected: [404] });
    return answer.ok ? answer.headers : undefined;
  }

  async #refuseRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new InfrastructureError('A container refused a range that its file has');
  }
}

const toListed = (entry: string): ListedFile => ({
  key: xmlText(entry, 'Name') ?? '',
  sizeBytes: Number(xmlText(entry, 'Content-Length')),
  modifiedAt: new Date(xmlText(entry, 'Last-Modified') ?? 0),
});
