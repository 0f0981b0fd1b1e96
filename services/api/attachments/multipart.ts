import { Busboy, type BusboyInstance } from '@fastify/busboy';
import {
  type AppError,
  DomainValidationError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';

/** The one file of a multipart request, still on its way. */
export interface IncomingFile {
  name: string;
  /** What the sender says it is. */
  contentType: string;
  /** Ends only when the whole request turned out well; fails with what was wrong otherwise. */
  body: ReadableStream<Uint8Array>;
  /** Reads no further; without effect once the request has ended. */
  stop(): void;
}

const FIELD = 'file';
const limits = { parts: 1, fieldSize: 1, headerPairs: 20, headerSize: 16_384 };
const BLANK_LINE = '\r\n\r\n';
const MOST_HEAD_BYTES = 32_768;
/** Busboy tells of a file once it has seen the first byte of it: this one, for all of them. */
const STAND_IN = Buffer.from('x');

/**
 * Reads a `multipart/form-data` request of exactly one part, the file `file`, a chunk at a time.
 * Throws 415 for other content, 422 for other parts, 400 for a missing file or a request that breaks
 * off; what shows only after the file has begun fails its `body`.
 */
export async function receiveFile(request: Request): Promise<IncomingFile> {
  const envelope = openEnvelope(request);
  const reader = request.body?.getReader();
  const stop = () => {
    envelope.refuse(stopped());
    reader?.cancel().catch(() => undefined);
  };
  async function read(): Promise<Buffer | undefined> {
    const next = await reader?.read().catch(envelope.refuseAsMalformed);
    return next?.value && Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
  }
  try {
    const rest = await readHead(read, envelope);
    const file = envelope.file();
    if (file) return { ...file, body: toStream(contentsOf(rest, read, envelope), stop), stop };
    await readRest(rest, read, envelope);
    throw envelope.file() ? malformed('A file after a blank line') : missing();
  } catch (error) {
    reader?.cancel().catch(() => undefined);
    throw error;
  }
}

type Read = () => Promise<Buffer | undefined>;
type Envelope = ReturnType<typeof openEnvelope>;

/** What is around the file, read by busboy, which does not see the bytes of the file itself. */
function openEnvelope({ headers }: Request) {
  const type = headers.get('Content-Type') ?? '';
  const parser = createParser(type);
  const failed = Promise.withResolvers<never>();
  const finished = Promise.withResolvers<void>();
  failed.promise.catch(() => undefined);
  let file: Pick<IncomingFile, 'name' | 'contentType'> | undefined;

  const refuse = (error: AppError) => failed.reject(error);
  const refuseAsMalformed = (cause: unknown) => refuse(malformed(cause));
  parser.on('file', (field, stream, name, _encoding, contentType) => {
    stream.on('error', refuseAsMalformed).on('data', (bytes: Buffer) => {
      // Whoever understood the boundary in another way than we did has read another file.
      if (!bytes.equals(STAND_IN)) refuse(malformed('Two boundaries'));
    });
    if (field !== FIELD) return refuse(unknownField(field));
    file = { name: name ?? '', contentType };
  });
  parser.on('field', (field) => refuse(field === FIELD ? notAFile() : unknownField(field)));
  parser.on('partsLimit', () => refuse(tooManyParts()));
  parser.on('error', refuseAsMalformed);
  parser.on('finish', finished.resolve);
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^";\s]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed('No boundary');

  return {
    /** What stands between the end of the file and whatever follows. */
    delimiter: Buffer.from(`\r\n--${boundary}`),
    file: () => file,
    refuse,
    refuseAsMalformed,
    async take(bytes: Uint8Array): Promise<void> {
      const taken = new Promise<void>((resolve) => parser.write(bytes, () => resolve()));
      await Promise.race([failed.promise, taken]);
    },
    async end(): Promise<void> {
      parser.end();
      await Promise.race([failed.promise, finished.promise]);
    },
  };
}

function createParser(type: string): BusboyInstance {
  if (!/^multipart\/form-data *(?:;|$)/i.test(type)) {
    throw new UnsupportedMediaTypeError('Send multipart/form-data with one part, the file "file"');
  }
  try {
    return new Busboy({ headers: { 'content-type': type }, limits });
  } catch (cause) {
    throw malformed(cause);
  }
}

/** Takes what comes before the first byte of a file, and gives what has come of the rest. */
async function readHead(read: Read, envelope: Envelope): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  for (let next = await read(); next; next = await read()) {
    head = head.length > 0 ? Buffer.concat([head, next]) : next;
    const end = head.indexOf(BLANK_LINE);
    if (end < 0 && head.length < MOST_HEAD_BYTES) continue;
    const size = end < 0 ? head.length : end + BLANK_LINE.length;
    await envelope.take(head.subarray(0, size));
    if (end >= 0) await envelope.take(STAND_IN);
    return head.subarray(size);
  }
  await envelope.take(head);
  return Buffer.alloc(0);
}

async function readRest(rest: Buffer, read: Read, envelope: Envelope): Promise<void> {
  for (let next: Buffer | undefined = rest; next; next = await read()) await envelope.take(next);
  await envelope.end();
}

/** The bytes of the file as they came; whether all after them is right shows at their end. */
async function* contentsOf(first: Buffer, read: Read, envelope: Envelope) {
  const { delimiter } = envelope;
  let kept = first;
  for (let next: Buffer | undefined = Buffer.alloc(0); next; next = await read()) {
    const chunk: Buffer = kept.length > 0 ? Buffer.concat([kept, next]) : next;
    const end = chunk.indexOf(delimiter);
    const size = end < 0 ? chunk.length - startedBytes(chunk, delimiter) : end;
    if (size > 0) yield chunk.subarray(0, size);
    if (end >= 0) return readRest(chunk.subarray(end), read, envelope);
    kept = chunk.subarray(size);
  }
  await envelope.end();
  throw malformed('The file has no end');
}

/** How many of the last bytes may be the beginning of a delimiter. */
function startedBytes(chunk: Buffer, delimiter: Buffer): number {
  const from = Math.max(0, chunk.length - delimiter.length + 1);
  for (let at = chunk.indexOf(0x0d, from); at >= 0; at = chunk.indexOf(0x0d, at + 1)) {
    const tail = chunk.subarray(at);
    if (tail.equals(delimiter.subarray(0, tail.length))) return tail.length;
  }
  return 0;
}

function toStream(chunks: AsyncGenerator<Uint8Array>, cancel: () => void) {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}

const badRequest = (message: string, code: string, cause?: unknown) =>
  new ServiceError(message, { code, status: 400, cause });
const malformed = (cause: unknown) =>
  badRequest('The multipart body is malformed or incomplete', 'MALFORMED_MULTIPART', cause);
const missing = () => badRequest('The part "file" is missing', 'FILE_MISSING');
const stopped = () => badRequest('The upload was stopped', 'UPLOAD_STOPPED');

const invalid = (path: string, message: string) =>
  new DomainValidationError(undefined, { errors: [{ path, message }] });
const unknownField = (field: string) => invalid(field, 'Unknown field');
const notAFile = () => invalid(FIELD, 'Expected a file with a name');
const tooManyParts = () => invalid('', 'Expected exactly one part, the file "file"');
