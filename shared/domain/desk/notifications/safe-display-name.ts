import { truncate } from '@insightdesk/shared/utils';

const LONGEST = 80;

/**
 * A name that somebody chose, as a letter of ours may say it: in quotation marks that it cannot
 * close, short, and with nothing that a mail program takes for a link, also where it is older than
 * the rules for names.
 */
export function safeDisplayName(name: string): string {
  const plain = name
    .replace(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/["“”„‟«»]/g, "'")
    .replace(/:\/\//g, ': / / ')
    .replace(/([.\uff0e\u3002\uff61@])(?=\S)/g, '$1 ')
    .trim();
  return `“${truncate(plain, LONGEST)}”`;
}
