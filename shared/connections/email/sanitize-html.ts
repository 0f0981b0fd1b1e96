import type { IOptions } from 'sanitize-html';

/** Most processes never write a letter, and it loads slowly. */
const sanitize = (): typeof import('sanitize-html') => require('sanitize-html');

/** What a letter may be made of; nothing that loads, runs, poses as our page or hides. */
const ALLOWED: IOptions = {
  allowedTags: [
    ...['p', 'br', 'hr', 'div', 'span', 'blockquote', 'pre', 'code'],
    ...['b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup'],
    ...['h1', 'h2', 'h3', 'h4', 'ul', 'ol', 'li', 'a'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  allowedAttributes: {
    a: ['href', 'title', 'rel'],
    th: ['colspan', 'rowspan'],
    td: ['colspan', 'rowspan'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesAppliedToAttributes: ['href'],
  allowProtocolRelative: false,
  allowedClasses: {},
  disallowedTagsMode: 'discard',
  enforceHtmlBoundary: false,
  nestingLimit: 50,
};

/** HTML of strangers with everything taken out that could do more than be read. */
export function sanitizeHtml(html: string): string {
  const clean = sanitize();
  const a = clean.simpleTransform('a', { rel: 'noopener noreferrer nofollow' });
  return clean(html, { ...ALLOWED, transformTags: { a } });
}
