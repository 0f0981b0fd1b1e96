/** What the server calls each of its messages, by first byte. */
export const Reply = {
  authentication: 82,
  bound: 50,
  command: 67,
  empty: 73,
  error: 69,
  noData: 110,
  parsed: 49,
  ready: 90,
  row: 68,
  rowDescription: 84,
} as const;

export type Parameter = string | null;

const INITIAL_BYTES = 16_384;
const TEXT = 0;

/** Messages to the server in the order of the calls, until they are taken. */
export class Outgoing {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #end = 0;

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Everything so far, as one piece; what follows starts anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }

  clear(): void {
    this.#end = 0;
  }

  /** Has the server prepare a statement under this name, and tell what its rows look like. */
  parse(name: string, query: string): void {
    const parse = this.#begin('P', 2 * name.length + 3 * query.length + 16);
    this.#string(name);
    this.#string(query);
    this.#int16(0);
    this.#finish(parse);
    const describe = this.#begin('D', name.length + 8);
    this.#bytes[this.#end++] = 'S'.charCodeAt(0);
    this.#string(name);
    this.#finish(describe);
  }

  /** Runs a prepared statement. */
  execute(name: string, parameters: readonly Parameter[]): void {
    const bind = this.#begin('B', name.length + 16 + 2 * parameters.length);
    this.#string('');
    this.#string(name);
    this.#int16(TEXT);
    this.#int16(parameters.length);
    for (const parameter of parameters) this.#parameter(parameter);
    this.#int16(TEXT);
    this.#finish(bind);
    const execute = this.#begin('E', 16);
    this.#string('');
    this.#int32(0);
    this.#finish(execute);
  }

  /** Ends what belongs together: on a failure the server skips to here. */
  sync(): void {
    this.#finish(this.#begin('S', 0));
  }

  #parameter(parameter: Parameter): void {
    if (parameter === null) {
      this.#room(4);
      this.#int32(-1);
      return;
    }
    this.#room(4 + 3 * parameter.length);
    const at = this.#end;
    this.#end += 4;
    this.#end += this.#bytes.write(parameter, this.#end);
    this.#bytes.writeInt32BE(this.#end - at - 4, at);
  }

  /** Starts a message whose body has at most this many bytes, parameters aside. */
  #begin(type: string, bytes: number): number {
    this.#room(bytes + 5);
    this.#bytes[this.#end] = type.charCodeAt(0);
    this.#end += 5;
    return this.#end - 4;
  }

  #finish(at: number): void {
    this.#room(8);
    this.#bytes.writeInt32BE(this.#end - at, at);
  }

  #string(text: string): void {
    this.#end += this.#bytes.write(text, this.#end);
    this.#bytes[this.#end++] = 0;
  }

  #int16(value: number): void {
    this.#room(2);
    this.#end = this.#bytes.writeInt16BE(value, this.#end);
  }

  #int32(value: number): void {
    this.#end = this.#bytes.writeInt32BE(value, this.#end);
  }

  #room(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, needed));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Cuts what arrives into messages: type, and where the body lies in `bytes`. */
export function createReader(
  receive: (type: number, bytes: Buffer, start: number, end: number) => void,
): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let held = 0;
  let wanted = 5;
  return (chunk) => {
    let bytes = chunk;
    if (held > 0) {
      pieces.push(chunk);
      held += chunk.length;
      if (held < wanted) return;
      bytes = Buffer.concat(pieces, held);
    }
    let at = 0;
    wanted = 5;
    while (bytes.length - at >= 5) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) {
        wanted = end - at;
        break;
      }
      receive(bytes[at] as number, bytes, at + 5, end);
      at = end;
    }
    const rest = bytes.subarray(at);
    held = rest.length;
    pieces = held > 0 ? [rest] : [];
  };
}

/** The fields of an error, by their letter: `C` is the SQLSTATE, `M` the message. */
export function errorFields(bytes: Buffer, start: number, end: number): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of bytes.toString('utf8', start, end).split('\0')) {
    if (field.length > 0) fields[field.charAt(0)] = field.slice(1);
  }
  return fields;
}
