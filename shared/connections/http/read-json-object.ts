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

/** Refuses a body whose Content-Length exceeds the limit, before it is read. */
export function jsonLimit(limit: number): MiddlewareHandler {
  return function jsonLimit(c, next) {
    if (Number(c.req.header('Content-Length') ?? 0) > limit) throw tooLarge(limit);
    return next();
  };
}

/** Far beyond any valid input; without a limit a small body can have 250,000 of each. */
const MAX_DEPTH = 64;
const MAX_VALUES = 10_000;

/**
 * Reads the JSON object of a request body; no body is an empty object. Throws 413 above `limit` bytes,
 * also without a Content-Length, 415 for other content, 400 for JSON that is malformed or nested too
 * deeply, and 422 for JSON that is not an object or has too many values.
 */
export async function readJsonObject(
  request: Request,
  limit: number,
): Promise<Record<string, unknown>> {
  if (!json.test(request.headers.get('Content-Type') ?? '')) {
    if (isEmpty(request)) return {};
    throw new UnsupportedMediaTypeError('The Content-Type must be application/json');
  }
  const text = await readText(request, limit);
  if (text === '') return {};
  checkComplexity(text);
  const value = parse(text);
  if (isObject(value)) return value;
  const errors = [{ path: '', message: 'Expected an object' }];
  throw new DomainValidationError('The body is not a JSON object', { errors });
}

const tooLarge = (limit: number) =>
  new PayloadTooLargeError(`The body exceeds the limit of ${limit} bytes`);

const isEmpty = ({ headers, body }: Request) =>
  headers.get('Content-Length') === '0' || body === null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// The server enforces the Content-Length; without one the bytes are counted here.
async function readText(request: Request, limit: number): Promise<string> {
  try {
    if (request.headers.has('Content-Length')) return await request.text();
    const chunks = limitBytes(readChunks(request.body ?? new Uint8Array()), limit);
    return new TextDecoder().decode(await collectBytes(chunks));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw badRequest('The body is incomplete', 'BODY_INCOMPLETE', cause);
  }
}

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const opening: ReadonlySet<number> = new Set([91, 123]);
const closing: ReadonlySet<number> = new Set([93, 125]);

/** One pass over the text before the parser and any recursive code. */
function checkComplexity(text: string): void {
  let [depth, values] = [0, 0];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === COMMA) values++;
    else if (opening.has(code)) depth++;
    else if (closing.has(code)) depth--;
    if (depth > MAX_DEPTH) throw tooDeep();
    if (values > MAX_VALUES) throw tooManyValues();
  }
}

/** Index of the closing quote of the string at `from`; the length of the text without one. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

const tooDeep = () =>
  badRequest(`The body is nested deeper than ${MAX_DEPTH} levels`, 'MALFORMED_JSON');

const tooManyValues = () =>
  new DomainValidationError(`The body has more than ${MAX_VALUES} values`, {
    errors: [{ path: '', message: `Expected at most ${MAX_VALUES} values` }],
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badRequest('The body is not valid JSON', 'MALFORMED_JSON', cause);
  }
}

const badRequest = (message: string, code: string, cause?: unknown) =>
  new ServiceError(message, { code, status: 400, cause });
