import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAvailablePort } from '@insightdesk/shared/lifecycle';
import { until } from '@insightdesk/shared/testing';
import { createMailer, type Mailer } from './index.ts';
import { describeMailer, newEmail } from './mailer-contract.ts';

let mailer: Mailer;
let inbox: Bun.Subprocess;
let lookupUrl: string;
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-inbox-'));

beforeAll(async () => {
  const smtp = await findAvailablePort(20_000 + Math.floor(Math.random() * 20_000));
  const web = await findAvailablePort(smtp + 1);
  lookupUrl = `http://127.0.0.1:${web}`;
  const maildev = join(import.meta.dir, '../../../node_modules/maildev/bin/maildev');
  const flags = ['-s', `${smtp}`, '-w', `${web}`, '--ip', '127.0.0.1', '--web-ip', '127.0.0.1'];
  inbox = Bun.spawn(
    [process.execPath, maildev, ...flags, '--mail-directory', directory, '--silent'],
    { stdout: 'ignore', stderr: 'inherit' },
  );
  mailer = createMailer({
    host: '127.0.0.1',
    port: smtp,
    secure: false,
    from: 'Desk <desk@example.com>',
    lookupUrl,
  });
  const isReady = () => mailer.verify().then(() => true);
  await until('the mail server', isReady, { ignoreErrors: true });
});

afterAll(async () => {
  mailer.close();
  inbox.kill();
  await inbox.exited;
  rmSync(directory, { recursive: true, force: true });
});

describeMailer('SMTP', () => mailer);

async function isKnown(messageId: string): Promise<boolean> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await mailer.wasAccepted?.(messageId)) return true;
    await Bun.sleep(20);
  }
  return false;
}

test('both parts, the headers and the reply address arrive', async () => {
  const { messageId, ...letter } = newEmail({
    headers: { References: '<thread@example.com>' },
    replyTo: 'desk+1@example.com',
  });
  await mailer.send({ ...letter, messageId });
  expect(await isKnown(messageId)).toBe(true);
  const query = new URLSearchParams({ messageId: messageId.slice(1, -1) });
  const response = await fetch(`${lookupUrl}/email?${query}`);
  expect(await response.json()).toMatchObject([
    {
      from: [{ address: 'desk@example.com', name: 'Desk' }],
      envelope: { to: [{ address: letter.to }] },
      subject: letter.subject,
      text: expect.stringContaining(letter.text),
      html: expect.stringContaining(letter.html),
      replyTo: [{ address: 'desk+1@example.com' }],
      headers: { references: '<thread@example.com>' },
    },
  ]);
});

test('one letter is found among a thousand', async () => {
  const letters = Array.from({ length: 1000 }, () => newEmail());
  await Promise.all(letters.map((letter) => mailer.send(letter)));
  const { messageId = '' } = letters[500] ?? {};
  expect(await isKnown(messageId)).toBe(true);
  expect(await mailer.wasAccepted?.(messageId)).toBe(true);
  expect(await mailer.wasAccepted?.('<never@example.com>')).toBe(false);
});
