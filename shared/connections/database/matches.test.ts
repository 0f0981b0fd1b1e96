import { expect, test } from 'bun:test';
import { sql } from 'drizzle-orm';
import { PgDialect, pgTable, text } from 'drizzle-orm/pg-core';
import { matches } from './matches.ts';

const things = pgTable('things', { ownerId: text('owner_id'), name: text('name') });

test('matches: compares every given column, with a value or with SQL', () => {
  const condition = matches(things, { ownerId: 'one', name: sql`current_user` });
  expect(new PgDialect().sqlToQuery(condition)).toMatchObject({
    sql: '("things"."owner_id" = $1 and "things"."name" = current_user)',
    params: ['one'],
  });
});
