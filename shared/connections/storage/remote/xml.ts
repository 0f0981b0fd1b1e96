const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** The text of the first element with this name, in the simple XML of storage services. */
export function xmlText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:lt|gt|quot|apos|amp);|&#(x?)([0-9a-fA-F]+);/g, (entity, hex, code) =>
    code ? String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)) : (entities[entity] ?? ''),
  );
}

/** The content of each element with this name. */
export function* xmlElements(xml: string, name: string): Generator<string> {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, 'gs');
  for (const [, inner = ''] of xml.matchAll(pattern)) yield inner;
}
