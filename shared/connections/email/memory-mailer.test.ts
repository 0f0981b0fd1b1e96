import { expect, test } from 'bun:test';
import { MemoryMailer } from './index.ts';
import { describeMailer, newEmail } from './mailer-contract.ts';

const memory = new MemoryMailer();
describeMailer('MemoryMailer', () => memory);

test('MemoryMailer stores emails unchanged', async () => {
  const mailer = new MemoryMailer();
  const email = newEmail();
  await mailer.send(email);
  expect(mailer.sent).toEqual([email]);
});
