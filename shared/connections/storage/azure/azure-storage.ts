import { InfrastructureError, NetworkError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
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
import { type AzureClient, type AzureOptions, createAzureClient } from './azure-client.ts';
import { uploadInBlocks } from './upload-in-blocks.ts';

export type { AzureOptions } from './azure-client.ts';

const BLOCK_BYTES = 5 * 1024 * 1024;
const MAX_COPY_POLLS = 600;
const COPY_POLL_MS = 1000;

/** Stores files as block blobs in an Azure container. */
export class AzureStorage implements StorageProvider {
  readonly #container: AzureClient;

  constructor(options: AzureOptions) {
    this.#container = createAzureClient(options);
  }

  async upload(key: string, source: ByteSource, options: UploadOptions): Promise<StoredFile> {
    const { contentType, signal } = options;
    const { meter, parts } = readParts(source, options, BLOCK_BYTES);
    const { first, isOnly, all } = await splitFirst(parts, BLOCK_BYTES);
    signal?.throwIfAborted();
    const type = { 'x-ms-blob-content-type': contentType };
    if (!isOnly) await uploadInBlocks(this.#container, { key, headers: type, blocks: all, signal });
    else {
      const headers = { ...type, 'x-ms-blob-type': 'BlockBlob' };
      await this.#container.request({ method: 'PUT', key, headers, body: first, signal });
    }
    return meter.result();
  }

  async download(
    key: string,
    { range }: { range?: ByteRange } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const rangeHeaders = rangeHeader(range);
    if (!rangeHeaders) return this.#rejectRange(key, range);
    const headers: Record<string, string> = rangeHeaders.range
      ? { 'x-ms-range': rangeHeaders.range }
      : {};
    const response = await this.#container.request({
      method: 'GET',
      key,
      headers,
      expected: [404, 416],
    });
    if (isRangeResponse(response, range)) return readResponseBody(response);
    await response.body?.cancel();
    if (response.status === 404) throw fileNotFound();
    return this.#rejectRange(key, range);
  }

  async metadata(key: string): Promise<FileMetadata | undefined> {
    const headers = await this.#head(key);
    if (!headers) return undefined;
    return {
      sizeBytes: Number(headers.get('Content-Length')),
      contentType: headers.get('Content-Type') ?? 'application/octet-stream',
      modifiedAt: new Date(headers.get('Last-Modified') ?? 0),
    };
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#head(key)) !== undefined;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    let marker: string | undefined;
    do {
      const query = { restype: 'container', comp: 'list', prefix, ...(marker && { marker }) };
      const page = await (await this.#container.request({ method: 'GET', query })).text();
      for (const entry of xmlElements(page, 'Blob')) yield toListed(entry);
      const next = xmlText(page, 'NextMarker');
      marker = next === marker ? undefined : next;
    } while (marker);
  }

  async copy(from: string, to: string): Promise<void> {
    if (!(await this.exists(from))) throw fileNotFound();
    if (from === to) return;
    const headers = { 'x-ms-copy-source': this.#container.urlOf(from) };
    const started = await this.#container.request({ method: 'PUT', key: to, headers });
    let status = started.headers.get('x-ms-copy-status');
    for (let poll = 0; status === 'pending'; poll++) {
      if (poll === MAX_COPY_POLLS) throw new NetworkError('Timed out waiting for a copy');
      await sleep(COPY_POLL_MS);
      status = (await this.#head(to))?.get('x-ms-copy-status') ?? null;
    }
    if (status !== 'success') throw new InfrastructureError(`A copy ended with status ${status}`);
  }

  async delete(key: string): Promise<void> {
    await this.#container.request({ method: 'DELETE', key, expected: [404] });
  }

  async signDownload(key: string, options: SignDownloadOptions): Promise<string> {
    const { contentType, fileName, inline, expiresInSeconds } = options;
    const hasDisposition = fileName !== undefined || inline !== undefined;
    return this.#container.signUrl(key, {
      permissions: 'r',
      expiresInSeconds,
      contentType,
      disposition: hasDisposition ? contentDisposition(fileName, inline) : undefined,
    });
  }

  async signUpload(key: string, options: SignUploadOptions): Promise<SignedUpload> {
    const { contentType, expiresInSeconds } = options;
    const url = this.#container.signUrl(key, { permissions: 'cw', expiresInSeconds });
    const headers = { 'Content-Type': contentType, 'x-ms-blob-type': 'BlockBlob' };
    return { url, method: 'PUT', headers };
  }

  async #head(key: string): Promise<Headers | undefined> {
    const response = await this.#container.request({ method: 'HEAD', key, expected: [404] });
    return response.ok ? response.headers : undefined;
  }

  async #rejectRange(key: string, range: ByteRange | undefined): Promise<never> {
    const found = await this.metadata(key);
    if (!found) throw fileNotFound();
    resolveRange(range, found.sizeBytes);
    throw new InfrastructureError('The container rejected a valid range');
  }
}

const toListed = (entry: string): ListedFile => ({
  key: xmlText(entry, 'Name') ?? '',
  sizeBytes: Number(xmlText(entry, 'Content-Length')),
  modifiedAt: new Date(xmlText(entry, 'Last-Modified') ?? 0),
});
