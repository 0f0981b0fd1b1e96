import { describe, expect, test } from 'bun:test';
import type { Mailer, OutgoingEmail } from './mailer.ts';

let count = 0;

/** A letter like no other. */
export const newEmail = (parts: Partial<OutgoingEmail> = {}): OutgoingEmail => ({
  to: 'somebody@example.com',
  subject: 'Grüße aus Zürich',
  text: 'Grüße',
  html: '<p>Grüße</p>',
  messageId: `<letter.${process.pid}.${Date.now()}.${count++}@example.com>`,
  ...parts,
});

const evil = 'x\r\nBcc: everybody@example.com';
const refused: [reason: string, parts: Partial<OutgoingEmail>][] = [
  ['a line break in the subject', { subject: evil }],
  ['a bare line feed in the subject', { subject: 'x\nBcc: y@example.com' }],
  ['a line break in the recipient', { to: `a@example.com${evil}` }],
  ['a second recipient', { to: 'a@example.com, b@example.com' }],
  ['a display name', { to: 'Anna <a@example.com>' }],
  ['a group', { to: 'all:a@example.com;' }],
  ['no address', { to: 'nobody' }],
  ['a line break in the reply address', { replyTo: `a@example.com${evil}` }],
  ['a line break in the Message-ID', { messageId: `<a@example.com>${evil}` }],
  ['a Message-ID without brackets', { messageId: 'a@example.com' }],
  ['a line break in a header', { headers: { 'X-A': evil } }],
  ['a line break in the name of a header', { headers: { [evil]: 'x' } }],
  ['a header that names recipients', { headers: { Bcc: 'everybody@example.com' } }],
  ['a header that changes the content', { headers: { 'content-type': 'text/html' } }],
];

/** What every mailer that can be asked keeps to. */
export function describeMailer(name: string, mailer: () => Mailer): void {
  const isKnown = async ({ messageId }: OutgoingEmail) =>
    (await mailer().wasAccepted?.(messageId)) ?? false;

  describe(name, () => {
    test('what was sent is known by its Message-ID, and nothing else is', async () => {
      const [sent, unsent] = [newEmail(), newEmail()];
      await mailer().send(sent);
      for (let tries = 0; tries < 50 && !(await isKnown(sent)); tries++) await Bun.sleep(20);
      expect([await isKnown(sent), await isKnown(unsent)]).toEqual([true, false]);
      const almost = { ...sent, messageId: sent.messageId.replace('<l', '<L') };
      expect(await isKnown(almost)).toBe(false);
    });

    test('answers when asked whether it works', async () => {
      expect(await mailer().verify()).toBeUndefined();
    });

    test.each(refused)('refuses %s', async (_reason, parts) => {
      const letter = newEmail(parts);
      const sending = mailer().send(letter);
      await expect(sending).rejects.toMatchObject({ code: 'INVALID_EMAIL', retryable: false });
      expect(await isKnown(letter)).toBe(false);
    });
  });
}
