import { defineAction, languageTag, singleLine, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { lockUntilCommit, matches } from '@insightdesk/shared/database';
import { renderEmail } from '@insightdesk/shared/email';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { EmailTemplateErrors } from '../errors.ts';
import { emailTemplateDeleted, emailTemplateUpdated } from '../events.ts';
import { emailTemplates } from '../tables.ts';
import { builtInLanguages, type TemplateName, templateCatalog, templateNames } from './catalog.ts';
import { findTemplate } from './find-template.ts';
import { findTemplateErrors, renderTemplate } from './render-template.ts';

const MAX_TEMPLATES = 100;

const name = z.enum(templateNames).describe('The email');
/** In its canonical form, so that `EN-us` and `en-US` are one template. */
const locale = languageTag()
  .transform((tag) => Intl.getCanonicalLocales(tag)[0] ?? tag)
  .meta({ description: 'The language of the text, such as `en` or `pt-BR`', examples: ['de'] });
const subject = singleLine(200);
const body = text(10_000).describe('Plain text; an empty line separates paragraphs');

const templateView = z
  .object({
    name,
    description: z.string(),
    locale: z.string(),
    subject: z.string(),
    body: z.string(),
    placeholders: z.array(z.string()).describe('What subject and body may contain as {{…}}'),
    builtIn: z.boolean(),
    updatedBy: idSchema('usr').nullable(),
    updatedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'EmailTemplate' });

type Row = typeof emailTemplates.$inferSelect;

const placeholdersOf = (one: TemplateName) => {
  const { placeholders, block } = templateCatalog[one];
  return [...Object.keys(placeholders), ...(block ? [block.name] : [])];
};

const toTemplate = ({ name: one, locale: tag, ...row }: Omit<Row, 'tenantId'>) => ({
  name: one as TemplateName,
  description: templateCatalog[one as TemplateName].description,
  locale: tag,
  subject: row.subject,
  body: row.body,
  placeholders: placeholdersOf(one as TemplateName),
  builtIn: false,
  updatedBy: row.updatedBy,
  updatedAt: row.updatedAt.toISOString(),
});

const builtIns = templateNames.flatMap((one) =>
  builtInLanguages.map((tag) => ({
    name: one,
    description: templateCatalog[one].description,
    locale: tag,
    ...templateCatalog[one].texts[tag],
    placeholders: placeholdersOf(one),
    builtIn: true,
    updatedBy: null,
    updatedAt: null,
  })),
);

const isKnown = (one: string): boolean => (templateNames as readonly string[]).includes(one);

export const listEmailTemplates = defineAction({
  summary: 'List the texts of emails: your own, and the built-in ones that they do not replace',
  input: z.strictObject({}),
  output: z
    .object({ items: z.array(templateView), nextCursor: z.null() })
    .meta({ id: 'EmailTemplateList' }),
  allow: 'email-templates:manage',
  transaction: 'read',
  async run({ tx, tenantId }) {
    const rows = await tx
      .select()
      .from(emailTemplates)
      .where(eq(emailTemplates.tenantId, tenantId))
      .orderBy(emailTemplates.name, emailTemplates.locale)
      .execute();
    const own = rows.filter((row) => isKnown(row.name)).map(toTemplate);
    const isReplaced = (one: (typeof builtIns)[number]) =>
      own.some((row) => row.name === one.name && row.locale === one.locale);
    const items = [...own, ...builtIns.filter((one) => !isReplaced(one))];
    return { items: items.toSorted((a, b) => order(a) - order(b)), nextCursor: null };
  },
});

const order = (one: { name: TemplateName }) => templateNames.indexOf(one.name);

export const putEmailTemplate = defineAction({
  summary: 'Set the text of an email in a language',
  input: z.strictObject({ name, locale, subject, body }),
  output: templateView,
  allow: 'email-templates:manage',
  transaction: 'write',
  async run(ctx, input) {
    const { tx, tenantId, actor } = ctx;
    requireValid(input.name, input);
    await lockUntilCommit(tx, `email_templates ${tenantId}`);
    const isOther = sql`(${emailTemplates.name}, ${emailTemplates.locale}) <> (${input.name}, ${input.locale})`;
    const others = await tx.$count(
      emailTemplates,
      and(eq(emailTemplates.tenantId, tenantId), isOther),
    );
    if (others >= MAX_TEMPLATES) throw EmailTemplateErrors.TooMany(MAX_TEMPLATES);
    const { name: one, locale: tag, ...content } = input;
    const values = { ...content, updatedBy: actor.userId, updatedAt: new Date() };
    await tx
      .insert(emailTemplates)
      .values({ tenantId, name: one, locale: tag, ...values })
      .onConflictDoUpdate({
        target: [emailTemplates.tenantId, emailTemplates.name, emailTemplates.locale],
        set: values,
      });
    await record(ctx, emailTemplateUpdated, { name: one, locale: tag });
    return toTemplate({ name: one, locale: tag, ...values });
  },
});

export const deleteEmailTemplate = defineAction({
  summary: 'Delete your text of an email, so that the built-in one is used',
  input: z.strictObject({ name, locale }),
  output: z.undefined(),
  allow: 'email-templates:manage',
  transaction: 'write',
  async run(ctx, key) {
    const { tx, tenantId } = ctx;
    const deleted = await tx
      .delete(emailTemplates)
      .where(matches(emailTemplates, { tenantId, ...key }))
      .returning({ name: emailTemplates.name });
    if (deleted.length === 0) throw EmailTemplateErrors.NotFound();
    await record(ctx, emailTemplateDeleted, key);
    return undefined;
  },
});

export const previewEmailTemplate = defineAction({
  summary: 'Render an email with sample values: a text that you send, or the one in use',
  input: z.strictObject({
    name,
    locale: locale.default('en'),
    subject: subject.optional(),
    body: body.optional(),
  }),
  output: z
    .object({ subject: z.string(), text: z.string(), html: z.string() })
    .meta({ id: 'EmailPreview' }),
  allow: 'email-templates:manage',
  transaction: 'write',
  async run(ctx, input) {
    const { language, ...used } = await findTemplate(ctx, input.name, input.locale);
    const content = { subject: input.subject ?? used.subject, body: input.body ?? used.body };
    requireValid(input.name, content);
    const { placeholders: values, block } = templateCatalog[input.name];
    const { title, paragraphs } = renderTemplate(input.name, content, {
      values,
      block: block?.sample ?? [],
    });
    const footer = `Sent by ${ctx.settings.appName}.`;
    return { subject: title, ...renderEmail({ language, title, paragraphs, footer }) };
  },
});

function requireValid(one: TemplateName, content: { subject: string; body: string }) {
  const errors = findTemplateErrors(one, content);
  if (errors.length > 0) throw EmailTemplateErrors.Invalid(errors);
}
