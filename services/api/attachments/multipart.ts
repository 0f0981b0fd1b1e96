import { Busboy, type BusboyInstance } from '@fastify/busboy';
import {
  type AppError,
  DomainValidationError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';

/** The file of a multipart request, while it is being received. */
export interface IncomingFile {
  name: string;
  /** As declared by the client. */
  contentType: string;
  /** Ends when the whole request is valid; fails with the error otherwise. */
  body: ReadableStream<Uint8Array>;
  /** Stops reading; without effect after the end of the request. */
  stop(): void;
}

const FIELD = 'file';
const limits = { parts: 1, fieldSize: 1, headerPairs: 20, headerSize: 16_384 };
const BLANK_LINE = '\r\n\r\n';
const MAX_HEAD_BYTES = 32_768;
/** Busboy reports a file after its first byte; it is given this byte in place of the content. */
const PLACEHOLDER = Buffer.from('x');

/**
 * Streams a `multipart/form-data` request with exactly one part, the file `file`. Throws 415 for
 * other content, 422 for other parts, 400 for a missing file or an incomplete request; errors after
 * the start of the file fail its `body`.
 */
export async function receiveFile(request: Request): Promise<IncomingFile> {
  const parser = createMultipartParser(request);
  const reader = request.body?.getReader();
  const stop = () => {
    parser.fail(stopped());
    reader?.cancel().catch(() => undefined);
  };
  async function read(): Promise<Buffer | undefined> {
    const next = await reader?.read().catch(parser.failAsMalformed);
    return next?.value && Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
  }
  try {
    const rest = await readHead(read, parser);
    const file = parser.file();
    if (file) return { ...file, body: toStream(contentsOf(rest, read, parser), stop), stop };
    await readRest(rest, read, parser);
    throw parser.file() ? malformed('A file after a blank line') : missing();
  } catch (error) {
    reader?.cancel().catch(() => undefined);
    throw error;
  }
}

type Read = () => Promise<Buffer | undefined>;
type MultipartParser = ReturnType<typeof createMultipartParser>;

/** Parses everything around the file with busboy, which does not see the content of the file. */
function createMultipartParser({ headers }: Request) {
  const type = headers.get('Content-Type') ?? '';
  const busboy = createBusboy(type);
  const failed = Promise.withResolvers<never>();
  const finished = Promise.withResolvers<void>();
  failed.promise.catch(() => undefined);
  let file: Pick<IncomingFile, 'name' | 'contentType'> | undefined;

  const fail = (error: AppError) => failed.reject(error);
  const failAsMalformed = (cause: unknown) => fail(malformed(cause));
  busboy.on('file', (field, stream, name, _encoding, contentType) => {
    stream.on('error', failAsMalformed).on('data', (bytes: Buffer) => {
      // Busboy saw other content: it parsed the boundary differently from us.
      if (!bytes.equals(PLACEHOLDER)) fail(malformed('Two boundaries'));
    });
    if (field !== FIELD) return fail(unknownField(field));
    file = { name: name ?? '', contentType };
  });
  busboy.on('field', (field) => fail(field === FIELD ? notAFile() : unknownField(field)));
  busboy.on('partsLimit', () => fail(tooManyParts()));
  busboy.on('error', failAsMalformed);
  busboy.on('finish', finished.resolve);
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^";\s]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed('No boundary');

  return {
    /** Between the file and the next part. */
    delimiter: Buffer.from(`\r\n--${boundary}`),
    file: () => file,
    fail,
    failAsMalformed,
    async write(bytes: Uint8Array): Promise<void> {
      const written = new Promise<void>((resolve) => busboy.write(bytes, () => resolve()));
      await Promise.race([failed.promise, written]);
    },
    async end(): Promise<void> {
      busboy.end();
      await Promise.race([failed.promise, finished.promise]);
    },
  };
}

function createBusboy(type: string): BusboyInstance {
  if (!/^multipart\/form-data *(?:;|$)/i.test(type)) {
    throw new UnsupportedMediaTypeError('Send multipart/form-data with one part, the file "file"');
  }
  try {
    return new Busboy({ headers: { 'content-type': type }, limits });
  } catch (cause) {
    throw malformed(cause);
  }
}

/** Parses up to the first byte of the file; returns the bytes already received after it. */
async function readHead(read: Read, parser: MultipartParser): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  for (let next = await read(); next; next = await read()) {
    head = head.length > 0 ? Buffer.concat([head, next]) : next;
    const end = head.indexOf(BLANK_LINE);
    if (end < 0 && head.length < MAX_HEAD_BYTES) continue;
    const size = end < 0 ? head.length : end + BLANK_LINE.length;
    await parser.write(head.subarray(0, size));
    if (end >= 0) await parser.write(PLACEHOLDER);
    return head.subarray(size);
  }
  await parser.write(head);
  return Buffer.alloc(0);
}

async function readRest(rest: Buffer, read: Read, parser: MultipartParser): Promise<void> {
  for (let next: Buffer | undefined = rest; next; next = await read()) await parser.write(next);
  await parser.end();
}

/** The content of the file; throws at its end when the rest of the request is invalid. */
async function* contentsOf(first: Buffer, read: Read, parser: MultipartParser) {
  const { delimiter } = parser;
  let pending = first;
  for (let next: Buffer | undefined = Buffer.alloc(0); next; next = await read()) {
    const chunk: Buffer = pending.length > 0 ? Buffer.concat([pending, next]) : next;
    const end = chunk.indexOf(delimiter);
    const size = end < 0 ? chunk.length - partialDelimiterBytes(chunk, delimiter) : end;
    if (size > 0) yield chunk.subarray(0, size);
    if (end >= 0) return readRest(chunk.subarray(end), read, parser);
    pending = chunk.subarray(size);
  }
  await parser.end();
  throw malformed('The file has no end');
}

/** How many of the last bytes may be the start of a delimiter. */
function partialDelimiterBytes(chunk: Buffer, delimiter: Buffer): number {
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
