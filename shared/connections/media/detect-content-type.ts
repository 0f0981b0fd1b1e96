const UNKNOWN = 'application/octet-stream';
/** Text formats with a signature; any other signature found in text is a coincidence. */
const textualTypes = new Set([
  'application/pdf',
  'application/postscript',
  'application/eps',
  'application/rtf',
  'text/calendar',
  'text/vcard',
  'text/vtt',
]);
// Clients know an animated PNG as image/png.
const synonyms: Record<string, string> = { 'image/apng': 'image/png' };

/**
 * Detects the type of a file from its first 4,100 bytes; `undefined` when it is unknown. Markup (SVG,
 * HTML, XML) may contain scripts and is `application/octet-stream`.
 */
export async function detectContentType(head: Uint8Array): Promise<string | undefined> {
  if (head.byteLength === 0) return undefined;
  const { fileTypeFromBuffer } = await import('file-type');
  const signature = (await fileTypeFromBuffer(head))?.mime;
  const text = decodeText(head);
  if (text === undefined) return signature && (synonyms[signature] ?? signature);
  if (/^\s*<[a-z!?]/i.test(text)) return UNKNOWN;
  return signature && textualTypes.has(signature) ? signature : typeOfText(text);
}

/** UTF-8 without control characters; the last character may be truncated. */
function decodeText(head: Uint8Array): string | undefined {
  const isControl = (byte: number) => byte < 7 || (byte > 13 && byte < 32 && byte !== 27);
  if (head.some(isControl)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return undefined;
  }
}

function typeOfText(text: string): string {
  if (isJson(text)) return 'application/json';
  return isTable(text) ? 'text/csv' : 'text/plain';
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Three lines or more with the same number of separators; the last line may be truncated. */
function isTable(text: string): boolean {
  const lines = text
    .replaceAll(/"(?:[^"]|"")*"/g, '')
    .split(/\r?\n/)
    .slice(0, -1);
  if (lines.length < 3) return false;
  return [',', ';', '\t'].some((separator) => {
    const counts = new Set(lines.map((line) => line.split(separator).length));
    return counts.size === 1 && !counts.has(1);
  });
}
