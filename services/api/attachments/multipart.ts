import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
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

/**
 * Reads a `multipart/form-data` request of exactly one part, the file `file`, a few chunks at a
 * time. Throws 415 for other content, 422 for other parts, 400 for a missing file or a request that
 * breaks off; what shows only after the file has begun fails its `body`.
 */
export async function receiveFile(request: Request): Promise<IncomingFile> {
  const parser = createParser(request);
  const reader = request.body?.getReader();
  const arrived = Promise.withResolvers<Omit<IncomingFile, 'stop'>>();
  const complete = Promise.withResolvers<void>();
  complete.promise.catch(() => undefined);
  let file: BusboyFileStream | undefined;

  function refuse(error: AppError) {
    arrived.reject(error);
    complete.reject(error);
    file?.destroy();
    reader?.cancel().catch(() => undefined);
  }
  const refuseAsMalformed = (cause: unknown) => refuse(malformed(cause));

  parser.on('file', (field, stream, name, _encoding, contentType) => {
    stream.on('error', refuseAsMalformed);
    if (field !== FIELD) return refuse(unknownField(field));
    file = stream;
    const chunks = untilComplete(stream, complete.promise);
    const body = toStream(chunks, () => refuse(stopped()));
    arrived.resolve({ name: name ?? '', contentType, body });
  });
  parser.on('field', (field) => refuse(field === FIELD ? notAFile() : unknownField(field)));
  parser.on('partsLimit', () => refuse(tooManyParts()));
  parser.on('error', refuseAsMalformed);
  parser.on('finish', () => {
    arrived.reject(missing());
    complete.resolve();
  });
  if (reader) feed(reader, parser).catch(refuseAsMalformed);
  else parser.end();
  return { ...(await arrived.promise), stop: () => refuse(stopped()) };
}

function createParser({ headers }: Request) {
  const type = headers.get('Content-Type') ?? '';
  if (!/^multipart\/form-data *(?:;|$)/i.test(type)) {
    throw new UnsupportedMediaTypeError('Send multipart/form-data with one part, the file "file"');
  }
  try {
    return new Busboy({ headers: { 'content-type': type }, limits });
  } catch (cause) {
    throw malformed(cause);
  }
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>;

// The callback comes once the chunk has been read out of the file, so nothing piles up.
async function feed(reader: Reader, parser: BusboyInstance) {
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const chunk = next.value;
    await new Promise((resolve) => parser.write(chunk, resolve));
  }
  parser.end();
}

async function* untilComplete(stream: BusboyFileStream, complete: Promise<void>) {
  try {
    yield* stream;
  } catch {
    // What went wrong is told by `complete`.
  }
  await complete;
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
