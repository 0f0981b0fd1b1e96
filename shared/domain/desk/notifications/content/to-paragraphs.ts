import { truncate } from '@insightdesk/shared/utils';
import { safeDisplayName } from '../safe-display-name.ts';
import type { phrases } from './phrases.ts';
import type { NotifiedMessage, ShownConversation } from './read-notified.ts';

/** Characters of all bodies in one email. */
const MAX_CHARACTERS = 10_000;
const MAX_BODY = 5_000;

type Phrases = (typeof phrases)['en'];

/**
 * The paragraphs of messages; an author is named where it changes. Messages beyond the limit are
 * counted. With `urlOf` each conversation has a heading with its link.
 */
export function toParagraphs(
  conversations: readonly ShownConversation[],
  { wrote, more: moreText }: Pick<Phrases, 'wrote' | 'more'>,
  urlOf?: (id: string) => string,
): string[] {
  let left = MAX_CHARACTERS;
  return conversations.flatMap(({ id, number, subject, messages, more }) => {
    const shown = takeWithin(messages, left);
    left -= shown.reduce((sum, { body }) => sum + body.length, 0);
    const hidden = more + messages.length - shown.length;
    const paragraphs = shown.flatMap(({ authorName, body }, at) => [
      ...(authorName === shown[at - 1]?.authorName ? [] : [wrote(safeDisplayName(authorName))]),
      body,
    ]);
    return [
      ...(urlOf ? [`#${number} ${subject}\n${urlOf(id)}`] : []),
      ...paragraphs,
      ...(hidden > 0 ? [moreText(hidden)] : []),
    ];
  });
}

/** The first messages that fit, each cut at its limit. */
function takeWithin(messages: readonly NotifiedMessage[], limit: number): NotifiedMessage[] {
  const taken: NotifiedMessage[] = [];
  let left = limit;
  for (const { authorName, body: whole } of messages) {
    const body = truncate(whole, MAX_BODY);
    if (body.length > left) break;
    left -= body.length;
    taken.push({ authorName, body });
  }
  return taken;
}
