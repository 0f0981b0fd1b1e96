import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAvailablePort } from '@insightdesk/shared/lifecycle';
import { bySize, until } from '@insightdesk/shared/testing';
import { createMailer, type Mailer } from './index.ts';
import { describeMailer, newEmail } from './mailer-contract.ts';

let mailer: Mailer;
let catcher: Bun.Subprocess;
let lookupUrl: string;
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-mail-catcher-'));

beforeAll(async () => {
  const smtp = await findAvailablePort(20_000 + Math.floor(Math.random() * 20_000));
  const web = await findAvailablePort(smtp + 1);
  lookupUrl = `http://127.0.0.1:${web}`;
  const maildev = join(import.meta.dir, '../../../node_modules/maildev/bin/maildev');
  const flags = ['-s', `${smtp}`, '-w', `${web}`, '--ip', '127.0.0.1', '--web-ip', '127.0.0.1'];
  catcher = Bun.spawn(
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
  catcher.kill();
  await catcher.exited;
  rmSync(directory, { recursive: true, force: true });
});

describeMailer('SMTP', () => mailer);

async function isAccepted(messageId: string): Promise<boolean> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await mailer.wasAccepted?.(messageId)) return true;
    await Bun.sleep(20);
  }
  return false;
}

test('text, HTML, headers and reply address are delivered', async () => {
  const { messageId, ...email } = newEmail({
    headers: { References: '<thread@example.com>' },
    replyTo: 'desk+1@example.com',
  });
  await mailer.send({ ...email, messageId });
  expect(await isAccepted(messageId)).toBe(true);
  const query = new URLSearchParams({ messageId: messageId.slice(1, -1) });
  const response = await fetch(`${lookupUrl}/email?${query}`);
  expect(await response.json()).toMatchObject([
    {
      from: [{ address: 'desk@example.com', name: 'Desk' }],
      envelope: { to: [{ address: email.to }] },
      subject: email.subject,
      text: expect.stringContaining(email.text),
      html: expect.stringContaining(email.html),
      replyTo: [{ address: 'desk+1@example.com' }],
      headers: { references: '<thread@example.com>' },
    },
  ]);
});

test('wasAccepted finds one email among many', async () => {
  const emails = Array.from({ length: bySize(200, 1_000) }, () => newEmail());
  await Promise.all(emails.map((email) => mailer.send(email)));
  const { messageId = '' } = emails[100] ?? {};
  expect(await isAccepted(messageId)).toBe(true);
  expect(await mailer.wasAccepted?.(messageId)).toBe(true);
  expect(await mailer.wasAccepted?.('<never@example.com>')).toBe(false);
});
