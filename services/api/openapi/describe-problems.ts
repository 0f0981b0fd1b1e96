import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { headerRefs } from './describe-headers.ts';
import { fieldExamples } from './example-values.ts';
import type { Json, Schemas } from './schemas.ts';

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable, machine-readable'),
    detail: z.string().describe('Explanation of this occurrence'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem', description: 'The body of every error (RFC 9457)' });

interface Known {
  /** When it is received. */
  when: string;
  code: string;
  detail: string;
  errors?: { path: string; message: string }[];
}

/** Errors by status, with the most frequent code as example. */
const known: Readonly<Record<number, Known>> = {
  400: {
    when: 'The request cannot be read',
    code: 'MALFORMED_JSON',
    detail: 'The body is not valid JSON',
  },
  401: {
    when: 'The credentials are missing, wrong or expired',
    code: 'TOKEN_EXPIRED',
    detail: 'The access token has expired',
  },
  403: {
    when: 'The caller may not do this',
    code: 'FORBIDDEN',
    detail: 'Permission denied',
  },
  404: {
    when: 'It does not exist, or the caller may not see it',
    code: 'NOT_FOUND',
    detail: 'Not found',
  },
  409: {
    when: 'The state of the resource, or another request, prevents this',
    code: 'IDEMPOTENCY_IN_FLIGHT',
    detail: 'The first request with this Idempotency-Key is still in progress',
  },
  410: { when: 'It has ended', code: 'UPLOAD_EXPIRED', detail: 'The upload has expired' },
  412: {
    when: 'The resource has changed since it was read',
    code: 'PRECONDITION_FAILED',
    detail: 'The resource has changed since you read it, or has no version',
  },
  413: {
    when: 'The body is too large',
    code: 'PAYLOAD_TOO_LARGE',
    detail: 'The body exceeds the limit of 65536 bytes',
  },
  415: {
    when: 'The body has the wrong Content-Type',
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: 'The Content-Type must be application/json',
  },
  416: {
    when: 'The range is outside the file',
    code: 'RANGE_NOT_SATISFIABLE',
    detail: 'The file has 48213 bytes',
  },
  422: {
    when: 'A field is not valid, or a rule refuses the request',
    code: 'VALIDATION_FAILED',
    detail: 'The request is not valid',
    errors: [{ path: 'email', message: 'Invalid email address' }],
  },
  429: {
    when: 'A limit is reached; repeat the request after `Retry-After` seconds',
    code: 'TOO_MANY_REQUESTS',
    detail: 'Too many requests, try again later',
  },
};

const DEFAULT = 'Problem';
const fallback: Known = {
  when: 'Any other error; 503 has `Retry-After`',
  code: 'INTERNAL',
  detail: 'An internal error occurred',
};

/** The name of the component, such as `NotFound`. */
const nameOf = (status: number) => (STATUS_CODES[status] ?? '').replaceAll(/\W/g, '');

/** A reference to the response of an error status, or of all others. */
export const problemRef = (status: number | 'default'): Json => ({
  $ref: `#/components/responses/${status !== 'default' && known[status] ? nameOf(status) : DEFAULT}`,
});

/** The responses of failed requests that the paths refer to, for `components.responses`. */
export function describeProblems(schemas: Schemas, paths: Json): Json {
  const text = JSON.stringify(paths);
  const isUsed = (status: string) => text.includes(JSON.stringify(problemRef(Number(status))));
  const schema = schemas.of(problem);
  const describe = (status: number, { when, ...body }: Known, headers: string[] = []) => ({
    description: when,
    headers: headerRefs(['RateLimit', 'RateLimit-Policy', ...headers]),
    content: {
      'application/problem+json': {
        schema,
        example: {
          type: 'about:blank',
          title: STATUS_CODES[status],
          status,
          ...body,
          requestId: fieldExamples.requestId,
        },
      },
    },
  });
  const byStatus = Object.entries(known)
    .filter(([status]) => isUsed(status))
    .map(([status, entry]) => [
      nameOf(Number(status)),
      describe(Number(status), entry, status === '429' ? ['Retry-After'] : []),
    ]);
  return { ...Object.fromEntries(byStatus), [DEFAULT]: describe(500, fallback, ['Retry-After']) };
}
