/**
 * Replaces `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `$$` like compose. Defaults may contain further
 * variables. Throws for any other syntax.
 */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  const start = text.indexOf('$');
  if (start < 0) return text;
  const before = text.slice(0, start);
  const rest = text.slice(start);
  if (rest.startsWith('$$')) return `${before}$${interpolate(rest.slice(2), variables)}`;
  const [, name = '', sign, fallback = ''] =
    /^\$\{([A-Z][A-Z0-9_]*)(?:(:?-)(.*))?\}$/s.exec(rest.slice(0, endOf(rest))) ?? [];
  if (!name) throw new Error(`Unknown syntax: ${rest}`);
  const value = variables[name];
  const isSet = sign === '-' ? value !== undefined : !!value;
  const replacement = isSet ? (value ?? '') : interpolate(fallback, variables);
  return `${before}${replacement}${interpolate(rest.slice(endOf(rest)), variables)}`;
}

/** The index after the brace that closes the first one. */
function endOf(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text.startsWith('${', index)) depth++;
    else if (text[index] === '}' && --depth === 0) return index + 1;
  }
  throw new Error(`Unclosed brace: ${text}`);
}
