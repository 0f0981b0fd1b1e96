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

/** Reads the header without decoding the image; undefined for any other format. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [format, read] of Object.entries(readers) as [ImageFormat, Reader][]) {
    try {
      const sizes = read(view);
      if (sizes) return { format, ...sizes };
    } catch (error) {
      // The file ends inside a header field.
      if (!(error instanceof RangeError)) throw error;
      return { format, width: 0, height: 0, isComplete: false };
    }
  }
  return undefined;
}

type Reader = (file: Buffer) => Sizes | undefined;

const ascii = (file: Buffer, start: number, end: number) => file.toString('latin1', start, end);

const readers: Record<ImageFormat, Reader> = {
  png: readPng,
  jpeg: readJpeg,
  gif: readGif,
  webp: readWebp,
  avif: readAvif,
};

function readPng(file: Buffer): Sizes | undefined {
  if (ascii(file, 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined;
  const dimensions = { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  let offset = 8;
  while (offset + 12 <= file.length) {
    const end = offset + 12 + file.readUInt32BE(offset);
    if (ascii(file, offset + 4, offset + 8) === 'IEND')
      return { ...dimensions, isComplete: end <= file.length };
    offset = end;
  }
  return { ...dimensions, isComplete: false };
}

function readJpeg(file: Buffer): Sizes | undefined {
  if (file.readUInt16BE(0) !== 0xffd8) return undefined;
  let dimensions = { width: 0, height: 0 };
  let offset = 2;
  while (file.readUInt8(offset) === 0xff) {
    const marker = file.readUInt8(offset + 1);
    // Fill bytes may precede a marker; some markers have no length.
    if (marker === 0xff) offset += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) offset += 2;
    else if (marker === 0xda) break;
    else {
      if (isFrame(marker)) {
        dimensions = {
          width: file.readUInt16BE(offset + 7),
          height: file.readUInt16BE(offset + 5),
        };
      }
      offset += 2 + Math.max(2, file.readUInt16BE(offset + 2));
    }
  }
  return { ...dimensions, isComplete: file.indexOf('\xff\xd9', offset, 'latin1') > 0 };
}

/** SOF0 to SOF15, without the table markers in the same range. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function readGif(file: Buffer): Sizes | undefined {
  if (!/^GIF8[79]a$/.test(ascii(file, 0, 6))) return undefined;
  let [width, height] = [file.readUInt16LE(6), file.readUInt16LE(8)];
  const skipTable = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let offset = 13 + skipTable(file.readUInt8(10));
  for (let kind = file.readUInt8(offset); kind !== 0x3b; kind = file.readUInt8(offset)) {
    if (kind === 0x2c) {
      width = Math.max(width, file.readUInt16LE(offset + 1) + file.readUInt16LE(offset + 5));
      height = Math.max(height, file.readUInt16LE(offset + 3) + file.readUInt16LE(offset + 7));
      offset += 11 + skipTable(file.readUInt8(offset + 9));
    } else if (kind === 0x21) offset += 2;
    else return { width, height, isComplete: false };
    for (let size = file.readUInt8(offset); size > 0; size = file.readUInt8(offset))
      offset += 1 + size;
    offset += 1;
  }
  return { width, height, isComplete: true };
}

function readWebp(file: Buffer): Sizes | undefined {
  if (ascii(file, 0, 4) !== 'RIFF' || ascii(file, 8, 12) !== 'WEBP') return undefined;
  const isComplete = file.readUInt32LE(4) + 8 <= file.length;
  const kind = ascii(file, 12, 16);
  if (kind === 'VP8X') {
    return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1, isComplete };
  }
  if (kind === 'VP8L') {
    const bits = file.readUInt32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, isComplete };
  }
  return {
    width: file.readUInt16LE(26) & 0x3fff,
    height: file.readUInt16LE(28) & 0x3fff,
    isComplete,
  };
}

/** ISO boxes: the largest dimensions of any of its images. */
function readAvif(file: Buffer): Sizes | undefined {
  if (ascii(file, 4, 8) !== 'ftyp') return undefined;
  const sizes = { width: 0, height: 0, isComplete: true };
  const inner: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 };
  const walk = (start: number, end: number, depth = 0) => {
    for (let offset = start; offset < end; ) {
      const [kind, length, header] = readBox(file, offset, end);
      if (length < header || offset + length > end) sizes.isComplete = false;
      const within = Math.min(offset + length, end);
      if (kind === 'ispe' && area(file, offset) > sizes.width * sizes.height) {
        sizes.width = file.readUInt32BE(offset + 12);
        sizes.height = file.readUInt32BE(offset + 16);
      }
      if (depth < 4 && Object.hasOwn(inner, kind)) {
        walk(offset + header + (inner[kind] ?? 0), within, depth + 1);
      }
      offset += Math.max(length, 8);
    }
  };
  walk(0, file.length);
  return sizes;
}

const area = (file: Buffer, offset: number) =>
  file.readUInt32BE(offset + 12) * file.readUInt32BE(offset + 16);

/** A length of 1 means that a 64-bit length follows, 0 that the box extends to the end. */
function readBox(
  file: Buffer,
  offset: number,
  end: number,
): [kind: string, length: number, header: number] {
  const short = file.readUInt32BE(offset);
  const kind = ascii(file, offset + 4, offset + 8);
  if (short === 1) return [kind, Number(file.readBigUInt64BE(offset + 8)), 16];
  return [kind, short === 0 ? end - offset : short, 8];
}
