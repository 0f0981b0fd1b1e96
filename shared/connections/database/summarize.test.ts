import { expect, test } from 'bun:test';
import { summarize } from './summarize.ts';

test.each([
  ['select "id" from "conversations" where "id" = $1', 'select conversations'],
  ['insert into "outbox" ("tenant_id") values ($1)', 'insert outbox'],
  ['\n  update conversations set a = 1', 'update conversations'],
  ['delete from webhook_events where at < now()', 'delete webhook_events'],
  ['(select 1 from a) union (select 1 from b)', 'select a'],
  ['with next as (select 1) update a set b = 1', 'with'],
  ["select set_config('app.tenant_id', $1, true)", undefined],
  ['begin isolation level read committed', undefined],
  ['COMMIT', undefined],
  ['', undefined],
])('%s is %s', (query, summary) => {
  expect(summarize(query)).toBe(summary);
});
