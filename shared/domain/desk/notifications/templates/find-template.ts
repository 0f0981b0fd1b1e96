import type { TenantContext } from '@insightdesk/shared/context';
import { matches, statement } from '@insightdesk/shared/database';
import { emailTemplates } from '../tables.ts';
import {
  type BuiltInLanguage,
  builtInLanguages,
  type TemplateName,
  type TemplateText,
  templateCatalog,
} from './catalog.ts';
import { renderTemplate, type TemplateValues } from './render-template.ts';

const languageOf = (locale: string) => locale.split('-')[0]?.toLowerCase() ?? 'en';

/** The language of fixed texts for this locale. */
export const builtInLanguage = (locale: string): BuiltInLanguage =>
  builtInLanguages.find((one) => one === languageOf(locale)) ?? 'en';

const byName = statement(
  { tenantId: emailTemplates.tenantId, name: emailTemplates.name },
  ({ tenantId, name }, q) =>
    q
      .select({
        locale: emailTemplates.locale,
        subject: emailTemplates.subject,
        body: emailTemplates.body,
      })
      .from(emailTemplates)
      .where(matches(emailTemplates, { tenantId, name })),
);

/** A text with the language that it is in. */
type FoundTemplate = TemplateText & { language: string };

/**
 * The text of the organization in this locale or its language, else the built-in one; English where
 * neither exists.
 */
export async function findTemplate(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  name: TemplateName,
  locale: string,
): Promise<FoundTemplate> {
  const rows = await byName(tx, { tenantId, name });
  return chooseTemplate(name, locale, rows);
}

function chooseTemplate(
  name: TemplateName,
  locale: string,
  own: readonly (TemplateText & { locale: string })[],
): FoundTemplate {
  const find = (wanted: string) =>
    own.find((row) => row.locale.toLowerCase() === wanted.toLowerCase());
  const builtIn = builtInLanguages.find((one) => one === languageOf(locale));
  const found = find(locale) ?? find(languageOf(locale)) ?? (builtIn ? undefined : find('en'));
  if (found) return { subject: found.subject, body: found.body, language: found.locale };
  const language = builtIn ?? 'en';
  return { ...templateCatalog[name].texts[language], language };
}

/** Title, paragraphs and language of an email in the words of the organization. */
export async function renderTemplated(
  tenant: Pick<TenantContext, 'tx' | 'tenantId'>,
  { name, locale }: { name: TemplateName; locale: string },
  values: TemplateValues,
) {
  const { language, ...text } = await findTemplate(tenant, name, locale);
  return { language, ...renderTemplate(name, text, values) };
}
