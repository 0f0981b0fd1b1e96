import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import { FileWindow } from './file-window.ts';

/** The header of an image file; dimensions in pixels, of its largest frame. */
export interface ImageHeader {
  format: ImageFormat;
  width: number;
  height: number;
  /** Whether the file is not truncated, by its own structure. */
  isComplete: boolean;
}

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif';

type Sizes = Omit<ImageHeader, 'format'>;

/**
 * Reads the header of a file of `sizeBytes` without decoding the image, one chunk of it in memory at
 * a time; undefined for any other format.
 */
export async function readImageHeader(
  source: ByteSource,
  sizeBytes: number,
): Promise<ImageHeader | undefined> {
  const file = new FileWindow(sizeBytes);
  const chunks = readChunks(source);
  try {
    await load(file, chunks, 0);
    const format = formatOf(file);
    if (!format) return undefined;
    const reader = readers[format](file);
    try {
      for (;;) {
        const { done, value } = reader.next();
        if (done) return { format, ...value };
        await load(file, chunks, value);
      }
    } catch (error) {
      // The file ends inside a header field.
      if (!(error instanceof RangeError)) throw error;
      return { format, width: 0, height: 0, isComplete: false };
    }
  } finally {
    await chunks.return();
  }
}

async function load(file: FileWindow, chunks: AsyncGenerator<Uint8Array, void>, offset: number) {
  while (!file.has(offset)) file.add((await chunks.next()).value ?? undefined, offset);
}

/** Yields each offset from which on it needs the file; the offsets rise. */
type Reader = (file: FileWindow) => Generator<number, Sizes, void>;

function formatOf(file: FileWindow): ImageFormat | undefined {
  const start = file.ascii(0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8')) return 'jpeg';
  if (/^GIF8[79]a/.test(start)) return 'gif';
  if (/^RIFF.{4}WEBP/s.test(start)) return 'webp';
  return start.slice(4, 8) === 'ftyp' ? 'avif' : undefined;
}

const readers: Record<ImageFormat, Reader> = {
  png: readPng,
  jpeg: readJpeg,
  gif: readGif,
  webp: readWebp,
  avif: readAvif,
};

function* readPng(file: FileWindow): ReturnType<Reader> {
  const dimensions = { width: file.uint32(16), height: file.uint32(20) };
  let offset = 8;
  while (offset + 12 <= file.sizeBytes) {
    if (!file.has(offset)) yield offset;
    const end = offset + 12 + file.uint32(offset);
    if (file.ascii(offset + 4, offset + 8) === 'IEND')
      return { ...dimensions, isComplete: end <= file.sizeBytes };
    offset = end;
  }
  return { ...dimensions, isComplete: false };
}

function* readJpeg(file: FileWindow): ReturnType<Reader> {
  let dimensions = { width: 0, height: 0 };
  let offset = 2;
  while (file.uint8(offset) === 0xff) {
    const marker = file.uint8(offset + 1);
    // Fill bytes may precede a marker; some markers have no length.
    if (marker === 0xff) offset += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) offset += 2;
    else if (marker === 0xda) break;
    else {
      if (isFrame(marker)) {
        dimensions = { width: file.uint16(offset + 7), height: file.uint16(offset + 5) };
      }
      offset += 2 + Math.max(2, file.uint16(offset + 2));
    }
    if (!file.has(offset)) yield offset;
  }
  for (;;) {
    if (file.indexOf('\xff\xd9', offset) !== undefined) return { ...dimensions, isComplete: true };
    if (file.isAtEnd) return { ...dimensions, isComplete: false };
    // The marker may be divided between two chunks.
    offset = file.end - 1;
    yield offset;
  }
}

/** SOF0 to SOF15, without the table markers in the same range. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function* readGif(file: FileWindow): ReturnType<Reader> {
  let [width, height] = [file.uint16LE(6), file.uint16LE(8)];
  const skipTable = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let offset = 13 + skipTable(file.uint8(10));
  for (;;) {
    if (!file.has(offset)) yield offset;
    const kind = file.uint8(offset);
    if (kind === 0x3b) return { width, height, isComplete: true };
    if (kind === 0x2c) {
      width = Math.max(width, file.uint16LE(offset + 1) + file.uint16LE(offset + 5));
      height = Math.max(height, file.uint16LE(offset + 3) + file.uint16LE(offset + 7));
      offset += 11 + skipTable(file.uint8(offset + 9));
    } else if (kind === 0x21) offset += 2;
    else return { width, height, isComplete: false };
    for (let size = 1; size > 0; offset += 1 + size) {
      if (!file.has(offset)) yield offset;
      size = file.uint8(offset);
    }
  }
}

// biome-ignore lint/correctness/useYield: its header is within the first bytes
function* readWebp(file: FileWindow): ReturnType<Reader> {
  const isComplete = file.uint32LE(4) + 8 <= file.sizeBytes;
  const kind = file.ascii(12, 16);
  if (kind === 'VP8X') {
    return { width: file.uint24LE(24) + 1, height: file.uint24LE(27) + 1, isComplete };
  }
  if (kind === 'VP8L') {
    const bits = file.uint32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, isComplete };
  }
  return { width: file.uint16LE(26) & 0x3fff, height: file.uint16LE(28) & 0x3fff, isComplete };
}

/** ISO boxes: the largest dimensions of any of its images. */
function* readAvif(file: FileWindow): ReturnType<Reader> {
  const sizes = { width: 0, height: 0, isComplete: true };
  yield* walkBoxes(file, sizes, { start: 0, end: file.sizeBytes, depth: 0 });
  return sizes;
}

const innerBoxes: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 };

function* walkBoxes(
  file: FileWindow,
  sizes: Sizes,
  { start, end, depth }: { start: number; end: number; depth: number },
): Generator<number, void, void> {
  for (let offset = start; offset < end; ) {
    if (!file.has(offset)) yield offset;
    const [kind, length, header] = readBox(file, offset, end);
    if (length < header || offset + length > end) sizes.isComplete = false;
    if (kind === 'ispe' && area(file, offset) > sizes.width * sizes.height) {
      sizes.width = file.uint32(offset + 12);
      sizes.height = file.uint32(offset + 16);
    }
    if (depth < 4 && Object.hasOwn(innerBoxes, kind)) {
      const inner = offset + header + (innerBoxes[kind] ?? 0);
      const within = Math.min(offset + length, end);
      yield* walkBoxes(file, sizes, { start: inner, end: within, depth: depth + 1 });
    }
    offset += Math.max(length, 8);
  }
}

const area = (file: FileWindow, offset: number) =>
  file.uint32(offset + 12) * file.uint32(offset + 16);

/** A length of 1 means that a 64-bit length follows, 0 that the box extends to the end. */
function readBox(
  file: FileWindow,
  offset: number,
  end: number,
): [kind: string, length: number, header: number] {
  const short = file.uint32(offset);
  const kind = file.ascii(offset + 4, offset + 8);
  if (short === 1) return [kind, file.uint64(offset + 8), 16];
  return [kind, short === 0 ? end - offset : short, 8];
}
