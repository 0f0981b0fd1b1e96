/** What a file's header says of the picture in it; sides in pixels, of the largest part. */
export interface ImageHeader {
  format: ImageFormat;
  width: number;
  height: number;
  /** Whether the file has an end, as its own structure tells. */
  isWhole: boolean;
}

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif';

type Sizes = Omit<ImageHeader, 'format'>;

/** Reads the header without decoding anything; undefined when it is none of the five formats. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [format, read] of Object.entries(readers) as [ImageFormat, Reader][]) {
    try {
      const sizes = read(view);
      if (sizes) return { format, ...sizes };
    } catch (error) {
      // It ends within a field of its header.
      if (!(error instanceof RangeError)) throw error;
      return { format, width: 0, height: 0, isWhole: false };
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
  const sides = { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  let at = 8;
  while (at + 12 <= file.length) {
    const end = at + 12 + file.readUInt32BE(at);
    if (ascii(file, at + 4, at + 8) === 'IEND') return { ...sides, isWhole: end <= file.length };
    at = end;
  }
  return { ...sides, isWhole: false };
}

function readJpeg(file: Buffer): Sizes | undefined {
  if (file.readUInt16BE(0) !== 0xffd8) return undefined;
  let sides = { width: 0, height: 0 };
  let at = 2;
  while (file.readUInt8(at) === 0xff) {
    const marker = file.readUInt8(at + 1);
    // Fill bytes may stand before a marker; some markers have no length.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (marker === 0xda) break;
    else {
      if (isFrame(marker)) {
        sides = { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
      }
      at += 2 + Math.max(2, file.readUInt16BE(at + 2));
    }
  }
  return { ...sides, isWhole: file.indexOf('\xff\xd9', at, 'latin1') > 0 };
}

/** SOF0 to SOF15, without the tables that share their range. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function readGif(file: Buffer): Sizes | undefined {
  if (!/^GIF8[79]a$/.test(ascii(file, 0, 6))) return undefined;
  let [width, height] = [file.readUInt16LE(6), file.readUInt16LE(8)];
  const skipTable = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + skipTable(file.readUInt8(10));
  for (let kind = file.readUInt8(at); kind !== 0x3b; kind = file.readUInt8(at)) {
    if (kind === 0x2c) {
      width = Math.max(width, file.readUInt16LE(at + 1) + file.readUInt16LE(at + 5));
      height = Math.max(height, file.readUInt16LE(at + 3) + file.readUInt16LE(at + 7));
      at += 11 + skipTable(file.readUInt8(at + 9));
    } else if (kind === 0x21) at += 2;
    else return { width, height, isWhole: false };
    for (let size = file.readUInt8(at); size > 0; size = file.readUInt8(at)) at += 1 + size;
    at += 1;
  }
  return { width, height, isWhole: true };
}

function readWebp(file: Buffer): Sizes | undefined {
  if (ascii(file, 0, 4) !== 'RIFF' || ascii(file, 8, 12) !== 'WEBP') return undefined;
  const isWhole = file.readUInt32LE(4) + 8 <= file.length;
  const kind = ascii(file, 12, 16);
  if (kind === 'VP8X') {
    return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1, isWhole };
  }
  if (kind === 'VP8L') {
    const bits = file.readUInt32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, isWhole };
  }
  return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff, isWhole };
}

/** ISO boxes: the largest size that any of its pictures says it has. */
function readAvif(file: Buffer): Sizes | undefined {
  if (ascii(file, 4, 8) !== 'ftyp') return undefined;
  const sizes = { width: 0, height: 0, isWhole: true };
  const inner: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 };
  const walk = (start: number, end: number, depth = 0) => {
    for (let at = start; at < end; ) {
      const [kind, length, header] = readBox(file, at, end);
      if (length < header || at + length > end) sizes.isWhole = false;
      const within = Math.min(at + length, end);
      if (kind === 'ispe' && area(file, at) > sizes.width * sizes.height) {
        sizes.width = file.readUInt32BE(at + 12);
        sizes.height = file.readUInt32BE(at + 16);
      }
      if (depth < 4 && Object.hasOwn(inner, kind)) {
        walk(at + header + (inner[kind] ?? 0), within, depth + 1);
      }
      at += Math.max(length, 8);
    }
  };
  walk(0, file.length);
  return sizes;
}

const area = (file: Buffer, at: number) => file.readUInt32BE(at + 12) * file.readUInt32BE(at + 16);

/** A length of 1 stands for 64 bits that follow, 0 for all that is left. */
function readBox(
  file: Buffer,
  at: number,
  end: number,
): [kind: string, length: number, header: number] {
  const short = file.readUInt32BE(at);
  const kind = ascii(file, at + 4, at + 8);
  if (short === 1) return [kind, Number(file.readBigUInt64BE(at + 8)), 16];
  return [kind, short === 0 ? end - at : short, 8];
}
