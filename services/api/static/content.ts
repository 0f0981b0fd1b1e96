import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { once } from './once.ts';

/** Encodings in order of preference. */
export const encodings = ['br', 'gzip'] as const;
export type Encoding = (typeof encodings)[number];

/** Bytes that are the same for every client. */
export interface Content {
  contentType: string;
  bytes: Uint8Array;
  /** Identifies the bytes; part of ETags and of file names. */
  hash: string;
  /** The compressed form, created on first use; undefined where compression does not help. */
  compressed: Readonly<Record<Encoding, () => Promise<Uint8Array | undefined>>>;
}

/** Smaller content fits into one packet. */
const MIN_COMPRESSED_BYTES = 1_024;
const compressible =
  /^(?:text\/|image\/svg|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript|wasm))/;
/** The highest quality takes ten times as long for 5% fewer bytes. */
const BROTLI_QUALITY = 9;

export function createContent(source: Uint8Array | string, contentType: string): Content {
  const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
  const isCompressible = bytes.length >= MIN_COMPRESSED_BYTES && compressible.test(contentType);
  const form = (compress: () => Promise<Uint8Array>) =>
    once(async () => {
      if (!isCompressible) return undefined;
      const compressed = await compress();
      return compressed.length < bytes.length ? compressed : undefined;
    });
  return {
    contentType,
    bytes,
    hash: new Bun.CryptoHasher('sha256').update(bytes).digest('hex').slice(0, 16),
    compressed: {
      br: form(() => promisify(brotliCompress)(bytes, { params: brotliParameters(bytes.length) })),
      gzip: form(() => promisify(gzip)(bytes, { level: 9 })),
    },
  };
}

const brotliParameters = (sizeBytes: number) => ({
  [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
  [constants.BROTLI_PARAM_SIZE_HINT]: sizeBytes,
});
