import { expect, test } from 'bun:test';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import postgres from 'postgres';
import { z } from 'zod';
import { DatabaseError, serializeError } from './index.ts';

// The driver builds it from the fields of the server, which its types do not declare.
const postgresError = (message: string) => new postgres.PostgresError({ message } as never);

test('serializeError: causes have name, code and stack', () => {
  const low = Object.assign(new TypeError('low'), { code: 'ECONNRESET' });
  const serialized = serializeError(new DatabaseError('high', { cause: low }));
  expect(serialized).toMatchObject({
    name: 'DatabaseError',
    message: 'high',
    code: 'DATABASE_ERROR',
    status: 500,
    cause: { name: 'TypeError', message: 'low', code: 'ECONNRESET' },
  });
  expect(serialized.stack).toContain('serialize-error.test.ts');
});

test('serializeError: a failed query has no parameters, also not in the stack', () => {
  const cause = postgresError('invalid input syntax for type uuid: "hunter2"');
  const error = new DrizzleQueryError('select * from users where email = $1', ['hunter2'], cause);
  const serialized = serializeError(new Error('wrapped', { cause: error }));
  expect(serialized.cause?.message).toBe('Failed query: select * from users where email = $1');
  expect(serialized.cause?.cause?.message).toBe('invalid input syntax for type uuid: [value]');
  expect(JSON.stringify(serialized)).not.toContain('hunter2');
});

test('serializeError: a violated constraint is named without the values of the row', () => {
  const error = Object.assign(postgresError('duplicate key value'), {
    code: '23505',
    detail: 'Key (email)=(hunter2@example.com) already exists.',
    constraint_name: 'users_email_unique',
    table_name: 'users',
  });
  const serialized = serializeError(error);
  expect(serialized).toMatchObject({
    code: '23505',
    constraint: 'users_email_unique',
    table: 'users',
  });
  expect(JSON.stringify(serialized)).not.toContain('hunter2');
});

test('serializeError: a Zod error lists path and code of each issue', () => {
  const { error } = z.object({ a: z.object({ b: z.email() }) }).safeParse({ a: { b: 'hunter2' } });
  const serialized = serializeError(error);
  expect(serialized).toMatchObject({ issues: [{ path: 'a.b', code: 'invalid_format' }] });
  expect(serialized.message).toBe('1 validation error');
});

test('serializeError: aggregates and circular causes are bounded, other values are described by type', () => {
  const many = new AggregateError(Array.from({ length: 30 }, (_, i) => new Error(`${i}`)));
  expect(serializeError(many).errors).toHaveLength(10);
  const circular = new Error('a');
  circular.cause = circular;
  expect(JSON.stringify(serializeError(circular)).length).toBeLessThan(50_000);
  expect(serializeError('text').message).toBe('text');
  expect(serializeError({ password: 'hunter2' }).message).toBe('a thrown object');
  expect(serializeError(null).message).toBe('a thrown null');
});
