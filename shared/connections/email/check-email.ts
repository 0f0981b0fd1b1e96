import { DomainValidationError } from '@insightdesk/shared/errors';
import type { OutgoingEmail } from './mailer.ts';

const address = /^[^\s<>(),;:"\\@[\]]{1,64}@[^\s<>(),;:"\\@[\]]{1,255}$/;
const messageIdPattern = /^<[^\s<>@]+@[^\s<>@]+>$/;
const headerName = /^[A-Za-z][A-Za-z0-9-]*$/;
/** What decides who gets the letter, from whom, and how it is read. */
const ownHeaders =
  /^(from|sender|to|cc|bcc|reply-to|return-path|subject|date|message-id|mime-version|content-.*|resent-.*)$/i;

/** Refuses what could become another header or another recipient. */
export function checkEmail({ to, subject, messageId, replyTo, headers = {} }: OutgoingEmail) {
  requireThat('to', address.test(to), 'is not one bare address');
  requireThat('replyTo', replyTo === undefined || address.test(replyTo), 'is not one bare address');
  requireThat('messageId', messageIdPattern.test(messageId), 'is not <local@domain>');
  requireThat('subject', isOneLine(subject), 'has a line break');
  for (const [name, value] of Object.entries(headers)) {
    const allowed = headerName.test(name) && !ownHeaders.test(name);
    requireThat('headers', allowed, `must not set ${JSON.stringify(name)}`);
    requireThat('headers', isOneLine(value), `has a line break in ${name}`);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const isOneLine = (text: string) => !/[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]/.test(text);

function requireThat(part: string, holds: boolean, fault: string) {
  if (holds) return;
  throw new DomainValidationError(`An e-mail's ${part} ${fault}`, {
    code: 'INVALID_EMAIL',
    errors: [{ path: part, message: fault }],
  });
}
