import { expect, test } from 'bun:test';
import { statementName } from './statement-name.ts';
import { QueryStats } from './stats.ts';

test.each([
  ['select "id" from "conversations" where "tenant_id" = $1', 'select conversations'],
  [
    'select "a" from "messages" where ("messages"."tenant_id" = $1 and "messages"."id" = $2)',
    'select messages by id',
  ],
  [
    'update b set x = $1 where c = any($2) and d in ($3, $4) and e = $5 and f = $6',
    'update b by c, d, e',
  ],
  ['insert into "outbox" ("id") values ($1)', 'insert outbox'],
  ['update "identity"."users" set "name" = $1', 'update identity.users'],
  ['delete from sessions where id in (select id from other)', 'delete sessions'],
  ['with recursive owner as (select a from parked_jobs) select 1', 'with parked_jobs'],
  [
    'select app.authorize($1::uuid, $2), (select g.generation from app.access_generations g)',
    'select app.authorize',
  ],
  ['\n  select count(*) from (select from outbox limit 3) some', 'select outbox'],
  ['begin isolation level read committed', 'begin'],
  ['commit', 'commit'],
  ['', 'other'],
])('the name of %p is %p', (query, name) => expect(statementName(query)).toBe(name));

test('durations and failures are counted by name, and names are limited', () => {
  const stats = new QueryStats(1_000, () => {});
  stats.query('select "a" from "b"', 3, false);
  expect([...stats.failures]).toEqual([['select b', 0]]);
  stats.query('select "c" from "b"', 4, true);
  expect([...stats.failures]).toEqual([['select b', 1]]);
  for (let n = 0; n < 1_000; n++) stats.query(`select "a" from "t${n}x"`, 1, true);
  const counts = stats.statements.samples('sql').filter((one) => one.metricName === 'sql_count');
  expect(counts).toHaveLength(201);
  expect(counts.find(({ labels }) => labels.statement === 'select b')?.value).toBe(2);
  expect(counts.find(({ labels }) => labels.statement === 'other')?.value).toBe(801);
  expect(stats.failures.get('other')).toBe(801);
});
