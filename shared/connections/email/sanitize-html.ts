import type { IOptions } from 'sanitize-html';

/** Loads slowly, and most processes do not need it. */
const sanitize = (): typeof import('sanitize-html') => require('sanitize-html');

/** Elements for text; none that loads resources, runs scripts, imitates a page or hides content. */
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

/** Removes scripts, styles, forms, images and unsafe links from untrusted HTML. */
export function sanitizeHtml(html: string): string {
  const clean = sanitize();
  const a = clean.simpleTransform('a', { rel: 'noopener noreferrer nofollow' });
  return clean(html, { ...ALLOWED, transformTags: { a } });
}
