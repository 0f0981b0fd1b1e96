import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { TenantTime } from './tenant-time.ts';

const [loud, quiet] = [newId('org'), newId('org')];

test('an organization above its budget waits until the window ends, when another one uses the database', () => {
  let nowMs = 0;
  const time = new TenantTime({ budgetMs: 100, windowMs: 1_000 }, () => nowMs);
  time.add(loud, 500);
  expect(time.waitMs(loud)).toBe(0);
  time.add(quiet, 1);
  nowMs = 400;
  expect(time.waitMs(loud)).toBe(600);
  expect(time.waitMs(quiet)).toBe(0);
  nowMs = 1_000;
  expect(time.waitMs(loud)).toBe(0);
});

test('an organization that is above the budget because all are does not wait unless it uses the most', () => {
  const time = new TenantTime({ budgetMs: 100, windowMs: 1_000 }, () => 0);
  time.add(loud, 900);
  time.add(quiet, 300);
  expect(time.waitMs(loud)).toBe(1_000);
  expect(time.waitMs(quiet)).toBe(0);
});
