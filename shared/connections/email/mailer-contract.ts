import { describe, expect, test } from 'bun:test';
import type { Mailer, OutgoingEmail } from './mailer.ts';

let count = 0;

/** An email with a unique Message-ID. */
export const newEmail = (parts: Partial<OutgoingEmail> = {}): OutgoingEmail => ({
  to: 'recipient@example.com',
  subject: 'Grüße aus Zürich',
  text: 'Grüße',
  html: '<p>Grüße</p>',
  messageId: `<email.${process.pid}.${Date.now()}.${count++}@example.com>`,
  ...parts,
});

const injection = 'x\r\nBcc: other@example.com';
const invalid: [reason: string, parts: Partial<OutgoingEmail>][] = [
  ['a line break in the subject', { subject: injection }],
  ['a bare line feed in the subject', { subject: 'x\nBcc: y@example.com' }],
  ['a line break in the recipient', { to: `a@example.com${injection}` }],
  ['a second recipient', { to: 'a@example.com, b@example.com' }],
  ['a display name', { to: 'Anna <a@example.com>' }],
  ['a group', { to: 'all:a@example.com;' }],
  ['no address', { to: 'nobody' }],
  ['a line break in the reply address', { replyTo: `a@example.com${injection}` }],
  ['a line break in the Message-ID', { messageId: `<a@example.com>${injection}` }],
  ['a Message-ID without brackets', { messageId: 'a@example.com' }],
  ['a line break in a header', { headers: { 'X-A': injection } }],
  ['a line break in the name of a header', { headers: { [injection]: 'x' } }],
  ['a header that names recipients', { headers: { Bcc: 'other@example.com' } }],
  ['a header that changes the content', { headers: { 'content-type': 'text/html' } }],
];

/** The contract of every mailer with `wasAccepted`. */
export function describeMailer(name: string, mailer: () => Mailer): void {
  const isAccepted = async ({ messageId }: OutgoingEmail) =>
    (await mailer().wasAccepted?.(messageId)) ?? false;

  describe(name, () => {
    test('wasAccepted is true for the Message-ID of a sent email only', async () => {
      const [sent, unsent] = [newEmail(), newEmail()];
      await mailer().send(sent);
      for (let tries = 0; tries < 50 && !(await isAccepted(sent)); tries++) await Bun.sleep(20);
      expect([await isAccepted(sent), await isAccepted(unsent)]).toEqual([true, false]);
      const almost = { ...sent, messageId: sent.messageId.replace('<e', '<E') };
      expect(await isAccepted(almost)).toBe(false);
    });

    test('verify resolves when the mail server works', async () => {
      expect(await mailer().verify()).toBeUndefined();
    });

    test.each(invalid)('send rejects %s', async (_reason, parts) => {
      const email = newEmail(parts);
      const sending = mailer().send(email);
      await expect(sending).rejects.toMatchObject({ code: 'INVALID_EMAIL', retryable: false });
      expect(await isAccepted(email)).toBe(false);
    });
  });
}
