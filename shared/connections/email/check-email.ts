import { DomainValidationError } from '@insightdesk/shared/errors';
import type { OutgoingEmail } from './mailer.ts';

const address = /^[^\s<>(),;:"\\@[\]]{1,64}@[^\s<>(),;:"\\@[\]]{1,255}$/;
const messageIdPattern = /^<[^\s<>@]+@[^\s<>@]+>$/;
const headerName = /^[A-Za-z][A-Za-z0-9-]*$/;
/** Headers that the mailer sets itself. */
const reservedHeaders =
  /^(from|sender|to|cc|bcc|reply-to|return-path|subject|date|message-id|mime-version|content-.*|resent-.*)$/i;

/** Throws INVALID_EMAIL for values that could become another header or another recipient. */
export function checkEmail({ to, subject, messageId, replyTo, headers = {} }: OutgoingEmail) {
  requireThat('to', address.test(to), 'is not one bare address');
  requireThat('replyTo', replyTo === undefined || address.test(replyTo), 'is not one bare address');
  requireThat('messageId', messageIdPattern.test(messageId), 'is not <local@domain>');
  requireThat('subject', isOneLine(subject), 'has a line break');
  for (const [name, value] of Object.entries(headers)) {
    const allowed = headerName.test(name) && !reservedHeaders.test(name);
    requireThat('headers', allowed, `must not set ${JSON.stringify(name)}`);
    requireThat('headers', isOneLine(value), `has a line break in ${name}`);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the function looks for them
const isOneLine = (text: string) => !/[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]/.test(text);

function requireThat(field: string, isValid: boolean, problem: string) {
  if (isValid) return;
  throw new DomainValidationError(`${field} of an e-mail ${problem}`, {
    code: 'INVALID_EMAIL',
    errors: [{ path: field, message: problem }],
  });
}
