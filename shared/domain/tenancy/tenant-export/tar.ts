const BLOCK = 512;
/** The largest number of eleven octal digits. */
const MAX_BYTES = 0o77777777777;

/** The header of a file in a tar archive (POSIX ustar); its bytes follow, padded to 512. */
export function tarHeader(name: string, sizeBytes: number): Uint8Array {
  const { prefix, rest } = splitName(name);
  if (sizeBytes > MAX_BYTES) throw new RangeError(`${name} is too large for a tar archive`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(rest, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(sizeBytes, 11), 124);
  header.write(octal(Math.floor(Date.now() / 1000), 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)} `, 148);
  return header;
}

/** A whole file: header, bytes and padding. */
export function* tarFile(name: string, text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  yield tarHeader(name, bytes.length);
  yield bytes;
  yield new Uint8Array(-bytes.length & (BLOCK - 1));
}

export const tarEnd = new Uint8Array(2 * BLOCK);

function splitName(name: string) {
  if (name.length <= 100) return { prefix: '', rest: name };
  const slash = name.indexOf('/', name.length - 101);
  if (slash < 0 || slash > 155) throw new RangeError(`${name} is too long for a tar archive`);
  return { prefix: name.slice(0, slash), rest: name.slice(slash + 1) };
}
