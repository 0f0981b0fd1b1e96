import { expect, test } from 'bun:test';
import { createAdmissions } from './admissions.ts';
import { newId } from './new-id.ts';

const comer = () => ({
  tenantId: newId('org'),
  userId: newId('usr'),
  sessionId: newId('ses'),
  standing: 'agent',
  duringSetup: false,
});

test('time counts from when it was asked, not from the answer', () => {
  let clock = 0;
  const admissions = createAdmissions(() => clock);
  const one = comer();
  const at = admissions.now();
  clock = 499;
  admissions.keep(one, { epoch: '3', at });
  expect(admissions.find(one)).toMatchObject({ epoch: '3' });
  clock = 500;
  expect(admissions.find(one)).toBeUndefined();
});

test('who comes as somebody else, or as more, is not known', () => {
  const admissions = createAdmissions(() => 0);
  const one = comer();
  admissions.keep(one, { epoch: null, at: 0 });
  expect(admissions.find({ ...one })).toMatchObject({ epoch: null });
  for (const other of [
    { tenantId: newId('org') },
    { userId: newId('usr') },
    { standing: 'owner' },
    { duringSetup: true },
    { sessionId: newId('ses') },
  ]) {
    expect(admissions.find({ ...one, ...other })).toBeUndefined();
  }
  admissions.forget(one.sessionId);
  expect(admissions.find(one)).toBeUndefined();
});

test('what is kept is bounded', () => {
  const admissions = createAdmissions(() => 0);
  const first = comer();
  for (const one of [first, ...Array.from({ length: 10_000 }, comer)]) {
    admissions.keep(one, { epoch: null, at: 0 });
  }
  expect(admissions.find(first)).toBeUndefined();
});
