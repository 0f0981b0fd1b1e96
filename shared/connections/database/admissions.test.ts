import { expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { createAdmissions } from './admissions.ts';

const comer = (tenantId = newId('org')) => ({
  tenantId,
  userId: newId('usr'),
  sessionId: newId('ses'),
  standing: 'agent',
  duringSetup: false,
});

test('nothing is kept before it listens', () => {
  const admissions = createAdmissions();
  const one = comer();
  admissions.of(one).keep();
  expect(admissions.of(one).isKnown).toBe(false);
});

test('an answer that was under way when something was said is not kept', () => {
  const admissions = createAdmissions();
  admissions.begin();
  const one = comer();
  const other = comer();
  const asked = [admissions.of(one), admissions.of(other)];
  admissions.forget(`${toUuid(one.tenantId)} ${toUuid(one.userId)}`);
  for (const { keep } of asked) keep();
  expect(admissions.of(one).isKnown).toBe(false);
  expect(admissions.of(other).isKnown).toBe(true);
  const again = admissions.of(one);
  admissions.begin();
  again.keep();
  expect(admissions.of(one).isKnown).toBe(false);
  expect(admissions.of(other).isKnown).toBe(false);
});

test('time counts from when it was asked, not from the answer', () => {
  let clock = 0;
  const admissions = createAdmissions(() => clock);
  admissions.begin();
  const one = comer();
  const asked = admissions.of(one);
  clock = 499;
  asked.keep();
  expect(admissions.of(one).isKnown).toBe(true);
  clock = 500;
  expect(admissions.of(one).isKnown).toBe(false);
});

test('what is kept is bounded', () => {
  const admissions = createAdmissions(() => 0);
  admissions.begin();
  const first = comer();
  admissions.of(first).keep();
  const tenantId = newId('org');
  for (let i = 0; i < 10_001; i++) admissions.of(comer(tenantId)).keep();
  expect(admissions.of(first).isKnown).toBe(false);
});
