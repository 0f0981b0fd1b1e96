import { ProblemError } from './errors.ts';
import type { SendTus } from './requests.ts';

export interface TransferOptions {
  /** The URL of an interrupted upload of the same file, to continue it. */
  url?: string | undefined;
  /** Called with the URL of a new upload; store it to continue after a restart of the app. */
  onUrl?: ((url: string) => void) | undefined;
  /** Of the file, in lower-case hexadecimal digits; a file with another checksum is rejected. */
  sha256?: string | undefined;
}

/** The requests of one upload with tus 1.0. */
export type Transfer = ReturnType<typeof createTransfer>;

const PATH = '/v1/uploads';
const MIN_CHUNK_BYTES = 256 * 1024;
const FIRST_CHUNK_BYTES = 1024 * 1024;
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
/** A chunk that takes longer makes the next one smaller, one that is four times as fast larger. */
const SLOW_CHUNK_MS = 4_000;

export function createTransfer(
  sendTus: SendTus,
  file: Blob,
  name: string,
  { url: storedUrl, onUrl, sha256 }: TransferOptions,
) {
  let url = storedUrl;
  let chunkBytes = FIRST_CHUNK_BYTES;
  const shrink = () => {
    chunkBytes = Math.max(MIN_CHUNK_BYTES, chunkBytes / 2);
  };

  async function create(signal: AbortSignal): Promise<number> {
    const headers = {
      'Upload-Length': `${file.size}`,
      'Upload-Metadata': metadataOf(name, sha256),
    };
    const response = await sendTus('POST', PATH, { headers, signal });
    url = response.headers.get('Location') ?? '';
    onUrl?.(url);
    return 0;
  }

  return {
    get url() {
      return url;
    },
    /** The id of the upload and of its attachment. */
    id: () => idOf(url),
    /** The bytes that the server has; creates the upload when it has none of this file. */
    async findOffset(signal: AbortSignal): Promise<number> {
      if (url === undefined) return create(signal);
      try {
        const { headers } = await sendTus('GET', `${PATH}/${idOf(url)}`, { signal });
        if (Number(headers.get('Upload-Length')) === file.size) return offsetOf(headers);
      } catch (error) {
        const isGone = error instanceof ProblemError && [404, 410].includes(error.status);
        if (!isGone || url !== storedUrl) throw error;
      }
      return create(signal);
    },
    /** Sends the next bytes; returns what the server has then. */
    async sendChunk(offset: number, signal: AbortSignal): Promise<number> {
      const startedAt = performance.now();
      const type = 'application/offset+octet-stream';
      const { headers } = await sendTus('PATCH', `${PATH}/${idOf(url)}`, {
        headers: { 'Upload-Offset': `${offset}`, 'Content-Type': type },
        body: file.slice(offset, offset + chunkBytes),
        signal,
      }).catch((error) => {
        shrink();
        throw error;
      });
      const durationMs = performance.now() - startedAt;
      if (durationMs > SLOW_CHUNK_MS) shrink();
      if (durationMs < SLOW_CHUNK_MS / 4) chunkBytes = Math.min(MAX_CHUNK_BYTES, chunkBytes * 2);
      return offsetOf(headers);
    },
    async remove(signal: AbortSignal): Promise<void> {
      if (url !== undefined) await sendTus('DELETE', `${PATH}/${idOf(url)}`, { signal });
    },
  };
}

/** Only the id is used: the token is sent to the server of the client, whatever URL was stored. */
function idOf(url = ''): `att_${string}` {
  const [, id] = /\/v1\/uploads\/(att_\w+)$/.exec(url) ?? [];
  if (!id) throw new TypeError(`Not the URL of an upload: ${url}`);
  return id as `att_${string}`;
}

const offsetOf = (headers: Headers): number => Number(headers.get('Upload-Offset'));

function metadataOf(name: string, sha256: string | undefined): string {
  const encode = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const entries = [['filename', name], ...(sha256 ? [['sha256', sha256]] : [])];
  return entries.map(([key = '', value = '']) => `${key} ${encode(value)}`).join(',');
}
