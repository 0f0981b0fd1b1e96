import { truncate } from '@insightdesk/shared/utils';

const MAX_LENGTH = 80;

/**
 * Makes a name that a user chose safe for an email: truncated, in quotation marks that it cannot
 * close, and without anything that a mail client turns into a link.
 */
export const safeDisplayName = (name: string): string => `“${unquotedDisplayName(name)}”`;

/** The same without quotation marks, where the name stands in a text of the organization. */
export function unquotedDisplayName(name: string): string {
  const safe = name
    .replace(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/["“”„‟«»]/g, "'")
    .replace(/:\/\//g, ': / / ')
    .replace(/([.\uff0e\u3002\uff61@])(?=\S)/g, '$1 ')
    .trim();
  return truncate(safe, MAX_LENGTH);
}
