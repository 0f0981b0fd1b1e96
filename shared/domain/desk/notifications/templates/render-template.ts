import { truncate } from '@insightdesk/shared/utils';
import { type TemplateName, type TemplateText, templateCatalog } from './catalog.ts';

const MAX_SUBJECT = 250;
const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;
/** Text that mail programs turn into links. */
const link = /:\/\/|\bwww\.|@|[\p{L}\p{N}]\.\p{L}{2,}/iu;

export interface TemplateValues {
  values: Readonly<Record<string, string>>;
  /** The paragraphs of the content. */
  block?: readonly string[];
}

/** Replaces placeholders once: what looks like one in a value stays text. */
export function renderTemplate(
  name: TemplateName,
  { subject, body }: TemplateText,
  { values, block = [] }: TemplateValues,
): { title: string; paragraphs: string[] } {
  const fill = (text: string) => text.replace(placeholder, (_, key: string) => values[key] ?? '');
  const blockName = templateCatalog[name].block?.name;
  const title = fill(subject).replace(/\s+/g, ' ').trim();
  const paragraphs = paragraphsOf(body).flatMap((paragraph) =>
    blockName && isBlock(paragraph, blockName) ? block : [fill(paragraph)],
  );
  return { title: truncate(title, MAX_SUBJECT), paragraphs };
}

const paragraphsOf = (body: string) =>
  body
    .split(/\r?\n[^\S\n]*\r?\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean);

const isBlock = (paragraph: string, name: string) =>
  paragraph.replace(placeholder, (_, key: string) => `{{${key}}}`) === `{{${name}}}`;

const namesIn = (text: string) => [...text.matchAll(placeholder)].map(([, name = '']) => name);

/** What is wrong with a text of an organization, by field. */
export function findTemplateErrors(
  name: TemplateName,
  { subject, body }: TemplateText,
): { path: 'subject' | 'body'; message: string }[] {
  const { placeholders, block, required = [], allowsLinks } = templateCatalog[name];
  const errors: { path: 'subject' | 'body'; message: string }[] = [];
  for (const [path, text] of Object.entries({ subject, body }) as ['subject' | 'body', string][]) {
    const known = [...Object.keys(placeholders), ...(path === 'body' && block ? [block.name] : [])];
    const unknown = namesIn(text).filter((one) => !known.includes(one));
    if (unknown.length > 0) {
      const list = known.map((one) => `{{${one}}}`).join(', ');
      errors.push({ path, message: `Unknown placeholder {{${unknown[0]}}}; known: ${list}` });
    }
    if (!allowsLinks && link.test(text.replace(placeholder, ''))) {
      errors.push({ path, message: 'Must not contain a link or an address' });
    }
  }
  if (block && paragraphsOf(body).filter((one) => isBlock(one, block.name)).length !== 1) {
    errors.push({ path: 'body', message: `Needs one paragraph that is {{${block.name}}}` });
  }
  const bodyNames = new Set(namesIn(body));
  for (const one of required.filter((key) => !bodyNames.has(key))) {
    errors.push({ path: 'body', message: `Needs {{${one}}}` });
  }
  return errors;
}
