/** Bytes that a reader may use beyond the offset that it asked for. */
const READ_AHEAD_BYTES = 64;

/** The part of a file that is in memory; offsets are those of the file. */
export class FileWindow {
  readonly sizeBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #hasEnded = false;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** Whether the bytes from `offset` on are in memory, as far as the file has them. */
  has(offset: number): boolean {
    return this.#hasEnded || offset + READ_AHEAD_BYTES <= this.end;
  }

  /** Bytes in memory. */
  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  get end(): number {
    return this.#start + this.#bytes.byteLength;
  }

  /** Whether no more bytes follow those in memory. */
  get isAtEnd(): boolean {
    return this.#hasEnded || this.end >= this.sizeBytes;
  }

  /** Adds the next chunk and drops what is before `offset`; undefined at the end of the file. */
  add(chunk: Uint8Array | undefined, offset: number): void {
    if (!chunk) {
      this.#hasEnded = true;
      return;
    }
    const next = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    // An offset behind all bytes skips them; the window must not start behind its end.
    const retainedFrom = Math.min(Math.max(this.#start, offset - READ_AHEAD_BYTES), this.end);
    const retained = this.#bytes.subarray(retainedFrom - this.#start);
    this.#bytes = retained.byteLength > 0 ? Buffer.concat([retained, next]) : next;
    this.#start = retainedFrom;
  }

  ascii(start: number, end: number): string {
    const [from, to] = [this.#at(start), this.#at(end)];
    return this.#bytes.toString('latin1', from, to);
  }

  uint8 = (offset: number) => this.#bytes.readUInt8(this.#at(offset));
  uint16 = (offset: number) => this.#bytes.readUInt16BE(this.#at(offset));
  uint32 = (offset: number) => this.#bytes.readUInt32BE(this.#at(offset));
  uint64 = (offset: number) => Number(this.#bytes.readBigUInt64BE(this.#at(offset)));
  uint16LE = (offset: number) => this.#bytes.readUInt16LE(this.#at(offset));
  uint24LE = (offset: number) => this.#bytes.readUIntLE(this.#at(offset), 3);
  uint32LE = (offset: number) => this.#bytes.readUInt32LE(this.#at(offset));

  /** The first position of `marker` from `offset` on, among the bytes in memory. */
  indexOf(marker: string, offset: number): number | undefined {
    const found = this.#bytes.indexOf(marker, Math.max(0, offset - this.#start), 'latin1');
    return found < 0 ? undefined : this.#start + found;
  }

  #at(offset: number): number {
    if (offset < this.#start) throw new RangeError('The bytes are no longer in memory');
    return offset - this.#start;
  }
}
