import { DomainValidationError } from '@insightdesk/shared/errors';

/** The content of an email; plain text, which is escaped in HTML. */
export interface EmailContent {
  /** BCP 47; English by default. */
  language?: string;
  title: string;
  paragraphs: readonly string[];
  /** A button, with its URL below it; http and https only. */
  action?: { label: string; url: string };
  footer: string;
  /** A link below the footer; http and https only. */
  footerLink?: { label: string; url: string };
}

export interface RenderedEmail {
  html: string;
  text: string;
}

/** Renders an email as HTML and as plain text; throws if a URL is not http or https. */
export function renderEmail(content: EmailContent): RenderedEmail {
  requireWebLink(content.action?.url);
  requireWebLink(content.footerLink?.url);
  return { html: renderHtml(content), text: renderText(content) };
}

function requireWebLink(url: string | undefined) {
  if (url === undefined) return;
  const protocol = URL.parse(url)?.protocol;
  if (protocol === 'https:' || protocol === 'http:') return;
  throw new DomainValidationError('The action of an e-mail is not a web link', {
    code: 'INVALID_EMAIL',
  });
}

function renderText({ title, paragraphs, action, footer, footerLink }: EmailContent): string {
  const link = action ? [`${action.label}:\n${action.url}`] : [];
  const last = footerLink ? `${footer}\n${footerLink.label}: ${footerLink.url}` : footer;
  return `${[title, ...paragraphs, ...link].join('\n\n')}\n\n-- \n${last}\n`;
}

// Every mail client supports tables and inline styles; the style sheet is optional.
function renderHtml(content: EmailContent): string {
  const { language = 'en', title, paragraphs, action, footer, footerLink } = content;
  const link = footerLink
    ? `<br><a class="link" href="${escapeHtml(footerLink.url)}" style="color:#2f5bea">${escapeHtml(footerLink.label)}</a>`
    : '';
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
@media (max-width: 600px) { .card { padding: 24px !important } }
@media (prefers-color-scheme: dark) {
  .page { background: #0b1220 !important }
  .card { background: #151e2e !important; border-color: #26324a !important }
  .card, .card h1, .card p { color: #e6eaf2 !important }
  .card p.quiet { color: #9aa7bd !important }
  .card a.link { color: #9db8ff !important }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f1f4f9">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f1f4f9"><tr><td align="center" style="padding:32px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;text-align:left"><tr><td class="card" style="padding:36px;background:#ffffff;border:1px solid #dde3ed;border-radius:10px;${font};color:#16202f">
<h1 style="margin:0 0 20px;font-size:21px;line-height:1.35;font-weight:600;word-break:break-word">${escapeHtml(title)}</h1>
${paragraphs.map(renderParagraph).join('\n')}${action ? renderAction(action, language) : ''}
<p class="quiet" style="margin:32px 0 0;font-size:13px;line-height:1.5;color:#5b6779">${lines(footer)}${link}</p>
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
}

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

const renderParagraph = (text: string) =>
  `<p style="margin:0 0 16px;font-size:16px;line-height:1.6;word-break:break-word">${lines(text)}</p>`;

/** What precedes the URL of a button. */
const fallbacks: Record<string, string> = {
  en: 'If the button does not work, open',
  de: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie',
};

function renderAction({ label, url }: { label: string; url: string }, language: string): string {
  const href = escapeHtml(url);
  return `
<p style="margin:28px 0 16px"><a href="${href}" style="display:inline-block;padding:13px 22px;border-radius:8px;background:#2450d6;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none">${escapeHtml(label)}</a></p>
<p class="quiet" style="margin:0;font-size:13px;line-height:1.5;color:#5b6779">${fallbacks[language] ?? fallbacks.en} <a class="link" href="${href}" style="color:#2450d6;word-break:break-all">${href}</a></p>`;
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);

const lines = (text: string) => escapeHtml(text).replace(/\r?\n/g, '<br />\n');
