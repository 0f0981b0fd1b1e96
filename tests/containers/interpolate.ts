/**
 * `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `$$` as compose replaces them; defaults may hold
 * such words themselves. Throws at what it does not know.
 */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  const at = text.indexOf('$');
  if (at < 0) return text;
  const before = text.slice(0, at);
  const rest = text.slice(at);
  if (rest.startsWith('$$')) return `${before}$${interpolate(rest.slice(2), variables)}`;
  const [, name = '', sign, fallback = ''] =
    /^\$\{([A-Z][A-Z0-9_]*)(?:(:?-)(.*))?\}$/s.exec(rest.slice(0, endOf(rest))) ?? [];
  if (!name) throw new Error(`What is ${rest}?`);
  const value = variables[name];
  const isSet = sign === '-' ? value !== undefined : !!value;
  const word = isSet ? (value ?? '') : interpolate(fallback, variables);
  return `${before}${word}${interpolate(rest.slice(endOf(rest)), variables)}`;
}

/** Where the braces that are opened first are closed. */
function endOf(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    else if (text[at] === '}' && --depth === 0) return at + 1;
  }
  throw new Error(`Not closed: ${text}`);
}
