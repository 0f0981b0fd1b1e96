const SPLITS = /^ (?:>=|<=|==|!=|>|<|and|or|unless) /;
const OPENING = '([{';
const CLOSING = ')]}';

/**
 * What a query compares: an alert that is calm gives nothing, but each side of its comparisons must
 * be there. Splits outside of brackets and quotes only; numbers are left out.
 */
export function listOperands(query: string): string[] {
  const text = query.replaceAll(/\s+/g, ' ').trim();
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quote) quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character)) depth--;
    const split = depth === 0 && !quote ? SPLITS.exec(text.slice(at)) : null;
    if (!split) continue;
    parts.push(text.slice(from, at));
    at += split[0].length - 1;
    from = at + 1;
  }
  return [...parts, text.slice(from)].filter((part) => Number.isNaN(Number(part)));
}
