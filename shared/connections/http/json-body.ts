import {
  AppError,
  DomainValidationError,
  PayloadTooLargeError,
  ServiceError,
  UnsupportedMediaTypeError,
} from '@insightdesk/shared/errors';
import { collectBytes, limitBytes, readChunks } from '@insightdesk/shared/streams';
import type { MiddlewareHandler } from 'hono';

const json = /^application\/(?:[\w.+-]+\+)?json *(?:;|$)/i;

/** Refuses a body whose announced length exceeds the limit, before anything else is done for it. */
export function jsonLimit(limit: number): MiddlewareHandler {
  return function jsonLimit(c, next) {
    if (Number(c.req.header('Content-Length') ?? 0) > limit) throw tooLarge(limit);
    return next();
  };
}

/** Far beyond what any of our inputs has; a small body can hold a quarter of a million of each. */
const MOST_LEVELS = 64;
const MOST_VALUES = 10_000;

/**
 * Reads the JSON object in a request's body; no body counts as an empty object. Throws 413 beyond
 * `limit` bytes, also when no length was announced, 415 for other content, 400 for JSON that is malformed or
 * nested too deeply, and 422 for JSON that is not an object or holds too many values.
 */
export async function readJsonObject(
  request: Request,
  limit: number,
): Promise<Record<string, unknown>> {
  if (!json.test(request.headers.get('Content-Type') ?? '')) {
    if (isEmpty(request)) return {};
    throw new UnsupportedMediaTypeError('Send JSON as application/json');
  }
  const text = await readText(request, limit);
  if (text === '') return {};
  refuseSprawl(text);
  const value = parse(text);
  if (isObject(value)) return value;
  const errors = [{ path: '', message: 'Expected an object' }];
  throw new DomainValidationError('The body is not a JSON object', { errors });
}

const tooLarge = (limit: number) =>
  new PayloadTooLargeError(`The body exceeds the allowed ${limit} bytes`);

const isEmpty = ({ headers, body }: Request) =>
  headers.get('Content-Length') === '0' || body === null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// The server holds a sender to the length it announced; without one, we count.
async function readText(request: Request, limit: number): Promise<string> {
  try {
    if (request.headers.has('Content-Length')) return await request.text();
    const chunks = limitBytes(readChunks(request.body ?? new Uint8Array()), limit);
    return new TextDecoder().decode(await collectBytes(chunks));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw refusal('The body ended before its time', 'BODY_INCOMPLETE', cause);
  }
}

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const opening: ReadonlySet<number> = new Set([91, 123]);
const closing: ReadonlySet<number> = new Set([93, 125]);

/** One look at the text, before a parser or anything recursive behind it is let near. */
function refuseSprawl(text: string): void {
  let [levels, values] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values++;
    else if (opening.has(code)) levels++;
    else if (closing.has(code)) levels--;
    if (levels > MOST_LEVELS) throw tooDeep();
    if (values > MOST_VALUES) throw tooMany();
  }
}

/** Where the string that begins at `from` ends; the text's end when it does not. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

const tooDeep = () =>
  refusal(`The body is nested more than ${MOST_LEVELS} levels deep`, 'MALFORMED_JSON');

const tooMany = () =>
  new DomainValidationError(`The body holds more than ${MOST_VALUES} values`, {
    errors: [{ path: '', message: `Expected at most ${MOST_VALUES} values` }],
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal('The body is not valid JSON', 'MALFORMED_JSON', cause);
  }
}

const refusal = (message: string, code: string, cause?: unknown) =>
  new ServiceError(message, { code, status: 400, cause });
