const MAX_NAME_LENGTH = 255;

/** The Content-Disposition header: an ASCII name for old clients, and the name in UTF-8 (RFC 6266). */
export function contentDisposition(fileName: string | undefined, isInline = false): string {
  const kind = isInline ? 'inline' : 'attachment';
  if (fileName === undefined) return kind;
  const name = fileName
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]/gu, '_')
    .slice(0, MAX_NAME_LENGTH)
    .toWellFormed();
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, percentEncode);
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const percentEncode = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
