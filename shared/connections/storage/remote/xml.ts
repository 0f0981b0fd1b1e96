const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** The text of the first element of that name, of XML as storage services write it. */
export function xmlText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:lt|gt|quot|apos|amp);|&#(x?)([0-9a-fA-F]+);/g, (entity, hex, code) =>
    code ? String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)) : (entities[entity] ?? ''),
  );
}

/** What stands inside each element of that name. */
export function* xmlElements(xml: string, name: string): Generator<string> {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, 'gs');
  for (const [, inner = ''] of xml.matchAll(pattern)) yield inner;
}

/** A Content-Disposition for any name (RFC 6266). */
export function contentDisposition(fileName: string | undefined, inline = false): string {
  const kind = inline ? 'inline' : 'attachment';
  if (fileName === undefined) return kind;
  const name = fileName
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]/gu, '_')
    .slice(0, 200);
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, percent);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const percent = (mark: string) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
