const SPLITS = /^ (?:>=|<=|==|!=|>|<|and|or|unless) /;
const OPENING = '([{';
const CLOSING = ')]}';

/**
 * The operands of a query's comparisons: an alert that does not fire returns no data, but its operands must.
 * Splits outside of brackets and quotes only, and omits numbers.
 */
export function listOperands(query: string): string[] {
  const text = query.replaceAll(/\s+/g, ' ').trim();
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (quote) quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character)) depth--;
    const split = depth === 0 && !quote ? SPLITS.exec(text.slice(index)) : null;
    if (!split) continue;
    parts.push(text.slice(from, index));
    index += split[0].length - 1;
    from = index + 1;
  }
  return [...parts, text.slice(from)].filter((part) => Number.isNaN(Number(part)));
}
