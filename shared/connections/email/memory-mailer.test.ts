import { expect, test } from 'bun:test';
import { MemoryMailer } from './index.ts';
import { describeMailer, newEmail } from './mailer-contract.ts';

const memory = new MemoryMailer();
describeMailer('MemoryMailer', () => memory);

test('keeps letters as they were given', async () => {
  const mailer = new MemoryMailer();
  const letter = newEmail();
  await mailer.send(letter);
  expect(mailer.sent).toEqual([letter]);
});
