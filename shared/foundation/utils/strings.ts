/** Lower-case ASCII words joined by dashes, at most `maxLength` characters; may be ''. */
export function slugify(text: string, maxLength = 60): string {
  const words = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = words.replace(/ß/g, 'ss').replace(/[^a-z0-9]+/g, '-');
  return trimDashes(trimDashes(slug).slice(0, maxLength));
}

/** At most `maxLength` graphemes; ends with an ellipsis when it is cut. */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), (s) => s.segment);
  if (characters.length <= maxLength) return text;
  return `${characters
    .slice(0, Math.max(0, maxLength - 1))
    .join('')
    .trimEnd()}…`;
}

/** `ann.lee@example.com` as `a***@example.com`, for logs and screens. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  if (at < 1) return '***';
  return `${email.slice(0, 1)}***${email.slice(at)}`;
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}
