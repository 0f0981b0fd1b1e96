import { isTimeZone } from '@insightdesk/shared/utils';
import { z } from 'zod';

/** Text that PostgreSQL can hold: no NUL, no lone surrogate, not blank; length in UTF-16 units. */
export const text = (max: number, min = 1) =>
  z
    .string()
    .max(max, { abort: true })
    .refine((value) => !value.includes('\0'), 'Must not contain NUL')
    .transform((value) => value.toWellFormed())
    .refine((value) => value.trim().length >= min, 'Must not be blank');

/** Text on one line, such as a name or a subject; it may become an email header. */
export const singleLine = (max: number) =>
  text(max).refine((value) => !/[\r\n\u2028\u2029]/.test(value), 'Must be on one line');

/** An email address in lower case; its length is checked before its pattern. */
export const email = () =>
  z
    .string()
    .max(254, { abort: true })
    .check(z.email())
    .transform((value) => value.toLowerCase());

// Control and format characters: zero-width, embeddings, overrides and isolates.
const invisible =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;
/** Text that mail programs turn into links. */
const link = /:\/\/|\bwww\.|@|[\p{L}\p{N}][.\uff0e\u3002\uff61]\p{L}{2,}/iu;

/** The name of a user or an organization; other people read it, also in emails. */
export const displayName = (max: number) =>
  singleLine(max)
    .refine((value) => !invisible.test(value), 'Must not contain invisible characters')
    .refine((value) => !link.test(value), 'Must not look like a link; put a space after a dot');

/** An IANA time zone such as `Europe/Berlin`. */
export const timeZone = () =>
  z.string().max(100, { abort: true }).refine(isTimeZone, {
    message: 'Must be an IANA time zone such as Europe/Berlin',
  });

/** A BCP 47 language tag such as `pt-BR`. */
export const languageTag = () =>
  z.string().max(35, { abort: true }).refine(isLanguageTag, {
    message: 'Must be a language tag such as en or pt-BR (BCP 47)',
  });

function isLanguageTag(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}
