import { expect, test } from 'bun:test';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import postgres from 'postgres';
import { z } from 'zod';
import { DatabaseError, serializeError } from './index.ts';

// The driver builds it from the server's fields; its types do not say so.
const refusal = (message: string) => new postgres.PostgresError({ message } as never);

test('causes are told with name, code and stack', () => {
  const low = Object.assign(new TypeError('low'), { code: 'ECONNRESET' });
  const told = serializeError(new DatabaseError('high', { cause: low }));
  expect(told).toMatchObject({
    name: 'DatabaseError',
    message: 'high',
    code: 'DATABASE_ERROR',
    status: 500,
    cause: { name: 'TypeError', message: 'low', code: 'ECONNRESET' },
  });
  expect(told.stack).toContain('serialize.test.ts');
});

test('a failed query is told without its parameters, in the stack too', () => {
  const cause = refusal('invalid input syntax for type uuid: "hunter2"');
  const error = new DrizzleQueryError('select * from users where email = $1', ['hunter2'], cause);
  const told = serializeError(new Error('wrapped', { cause: error }));
  expect(told.cause?.message).toBe('Failed query: select * from users where email = $1');
  expect(told.cause?.cause?.message).toBe('invalid input syntax for type uuid: [value]');
  expect(JSON.stringify(told)).not.toContain('hunter2');
});

test('a violated constraint is named, the row is not', () => {
  const error = Object.assign(refusal('duplicate key value'), {
    code: '23505',
    detail: 'Key (email)=(hunter2@example.com) already exists.',
    constraint_name: 'users_email_unique',
    table_name: 'users',
  });
  const told = serializeError(error);
  expect(told).toMatchObject({ code: '23505', constraint: 'users_email_unique', table: 'users' });
  expect(JSON.stringify(told)).not.toContain('hunter2');
});

test('Zod faults are told by path and kind', () => {
  const { error } = z.object({ a: z.object({ b: z.email() }) }).safeParse({ a: { b: 'hunter2' } });
  const told = serializeError(error);
  expect(told).toMatchObject({ issues: [{ path: 'a.b', code: 'invalid_format' }] });
  expect(told.message).toBe('1 fault of the input');
});

test('many errors at once, circles and things that are no errors', () => {
  const many = new AggregateError(Array.from({ length: 30 }, (_, i) => new Error(`${i}`)));
  expect(serializeError(many).errors).toHaveLength(10);
  const circle = new Error('a');
  circle.cause = circle;
  expect(JSON.stringify(serializeError(circle)).length).toBeLessThan(50_000);
  expect(serializeError('text').message).toBe('text');
  expect(serializeError({ password: 'hunter2' }).message).toBe('a thrown object');
  expect(serializeError(null).message).toBe('a thrown null');
});
