import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import {
  type AppError,
  ConfigurationError,
  ConflictError,
  DatabaseError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  InitializationError,
  NetworkError,
  PayloadTooLargeError,
  SystemError,
  TooManyRequestsError,
  toProblem,
  UnauthenticatedError,
  UnavailableError,
  UnsupportedMediaTypeError,
  ValidationError,
} from './index.ts';

const publicErrors: [AppError, number, string][] = [
  [new UnauthenticatedError(), 401, 'UNAUTHENTICATED'],
  [new ForbiddenError(), 403, 'FORBIDDEN'],
  [new DomainNotFoundError(), 404, 'NOT_FOUND'],
  [new ConflictError('has changed'), 409, 'CONFLICT'],
  [new DomainBusinessRuleError('no', { code: 'INVALID_TRANSITION' }), 409, 'INVALID_TRANSITION'],
  [new PayloadTooLargeError(), 413, 'PAYLOAD_TOO_LARGE'],
  [new UnsupportedMediaTypeError(), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  [new DomainValidationError(), 422, 'VALIDATION_FAILED'],
  [new TooManyRequestsError(), 429, 'TOO_MANY_REQUESTS'],
  [new UnavailableError(), 503, 'UNAVAILABLE'],
];

const internalErrors: [AppError, number][] = [
  [new DatabaseError('password=hunter2'), 500],
  [new ValidationError('password=hunter2'), 502],
  [new NetworkError('password=hunter2'), 502],
  [new ConfigurationError('password=hunter2'), 500],
  [new InitializationError('password=hunter2'), 500],
  [new SystemError('password=hunter2'), 500],
];

const named = <R extends readonly [AppError, ...unknown[]]>(rows: R[]) =>
  rows.map((row): [string, R] => [row[0].name, row]);

const problemOf = (error: unknown) => toProblem(error, { requestId: 'req_1' });

describe('error classes', () => {
  test.each(named(publicErrors))(
    'toProblem: %s has a public message',
    (_, [error, status, code]) => {
      const problem = problemOf(error);
      expect(problem).toMatchObject({ status, code, detail: error.message, requestId: 'req_1' });
      expect(problem.title).not.toBe('Error');
      expect(error.name).toBe(error.constructor.name);
    },
  );

  test.each(named(internalErrors))(
    'toProblem: the message of %s is not public',
    (_, [error, status]) => {
      expect(problemOf(error).status).toBe(status);
      expect(JSON.stringify(problemOf(error))).not.toContain('hunter2');
    },
  );

  test('TooManyRequestsError: retryAfterSeconds becomes a header beside the given ones', () => {
    const error = new TooManyRequestsError('later', {
      retryAfterSeconds: 0.2,
      headers: { 'X-Limit': '5' },
    });
    expect(error.headers).toEqual({ 'X-Limit': '5', 'Retry-After': '1' });
    expect(new UnavailableError().headers).toEqual({});
  });
});

describe('toProblem', () => {
  test('toProblem: a Zod error lists each field, also unknown ones', () => {
    const schema = z.strictObject({ a: z.string(), b: z.strictObject({ c: z.number() }) });
    const { error } = schema.safeParse({ b: { c: 'hunter2', d: 1 }, e: 1 });
    const problem = problemOf(error);
    expect(problem).toMatchObject({
      status: 422,
      code: 'VALIDATION_FAILED',
      detail: '4 fields are invalid: a, b.c, b.d, e',
    });
    expect(problem.errors?.map(({ path }) => path)).toEqual(['a', 'b.c', 'b.d', 'e']);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  test.each<[string, unknown]>([
    ['an unknown error', new Error('hunter2')],
    ['a string', 'hunter2'],
    ['an object', { password: 'hunter2' }],
    ['null', null],
    ['undefined', undefined],
  ])('toProblem: %s becomes a 500 without details', (_, thrown) => {
    expect(problemOf(thrown)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'INTERNAL',
      detail: 'An internal error occurred',
      requestId: 'req_1',
    });
  });

  test('toProblem: field errors of an internal error are not public', () => {
    const errors = [{ path: 'JWT_SECRET', message: 'too short' }];
    expect(problemOf(new ConfigurationError('x', { errors }))).not.toHaveProperty('errors');
  });

  test('toProblem: a 4xx of the HTTP framework passes, a 5xx does not', async () => {
    const { HTTPException } = await import('hono/http-exception');
    expect(problemOf(new HTTPException(400, { message: 'Malformed JSON' }))).toMatchObject({
      status: 400,
      code: 'BAD_REQUEST',
      detail: 'Malformed JSON',
    });
    expect(problemOf(new HTTPException(500, { message: 'hunter2' })).code).toBe('INTERNAL');
  });
});
