import { defineAction, singleLine, type TenantContext, text } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import {
  contains,
  decodeCursor,
  matches,
  onViolation,
  pageInput,
  pageSchema,
  requireCapacity,
  toPage,
} from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { CompanyErrors } from './errors.ts';
import { changeProperties, externalId, propertyChanges } from './fields.ts';
import { companies } from './tables.ts';
import { companyView, toCompany } from './view.ts';

const MAX_COMPANIES = 10_000;

const fields = {
  name: singleLine(200),
  externalId: externalId.nullable().optional(),
  properties: propertyChanges.optional(),
};

const companyById = ({ tenantId }: TenantContext, id: Id<'cmp'>) =>
  matches(companies, { tenantId, id });

export const createCompany = defineAction({
  summary: 'Create a company',
  input: z.strictObject(fields),
  output: companyView,
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { name, externalId: given, properties }) {
    await requireCapacity(ctx, companies, { max: MAX_COMPANIES, tooMany: CompanyErrors.TooMany });
    const [company] = await ctx.tx
      .insert(companies)
      .values({
        tenantId: ctx.tenantId,
        id: newId('cmp'),
        name,
        externalId: given ?? null,
        properties: changeProperties({}, properties),
      })
      .returning()
      .catch(onViolation('companies_external_id', CompanyErrors.ExternalIdTaken));
    if (!company) throw CompanyErrors.NotFound();
    return toCompany(company);
  },
});

export const getCompany = defineAction({
  summary: 'Get a company',
  input: z.strictObject({ id: idSchema('cmp') }),
  output: companyView,
  allow: 'contacts:read',
  transaction: 'read',
  async run(ctx, { id }) {
    const [company] = await ctx.tx.select().from(companies).where(companyById(ctx, id)).execute();
    if (!company) throw CompanyErrors.NotFound();
    return toCompany(company);
  },
});

export const listCompanies = defineAction({
  summary: 'List companies',
  input: z.strictObject({ ...pageInput, q: text(200).optional().describe('Part of the name') }),
  output: pageSchema(companyView),
  allow: 'contacts:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run({ tx, tenantId }, { limit, cursor, q }) {
    const before = decodeCursor(cursor, idSchema('cmp'));
    const rows = await tx
      .select()
      .from(companies)
      .where(
        and(
          eq(companies.tenantId, tenantId),
          q !== undefined ? contains(companies.name, q) : undefined,
          before && lt(companies.id, before),
        ),
      )
      .orderBy(desc(companies.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toCompany);
  },
});

export const updateCompany = defineAction({
  summary: 'Update a company',
  input: z.strictObject({ id: idSchema('cmp'), ...z.object(fields).partial().shape }),
  output: companyView,
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { id, name, externalId: given, properties }) {
    const where = companyById(ctx, id);
    const [before] = await ctx.tx.select().from(companies).where(where).for('update');
    if (!before) throw CompanyErrors.NotFound();
    const [after] = await ctx.tx
      .update(companies)
      .set({
        name: name ?? before.name,
        externalId: given === undefined ? before.externalId : given,
        properties: changeProperties(before.properties, properties),
      })
      .where(where)
      .returning()
      .catch(onViolation('companies_external_id', CompanyErrors.ExternalIdTaken));
    if (!after) throw CompanyErrors.NotFound();
    return toCompany(after);
  },
});

/** Throws 409 while a contact belongs to the company. */
export const deleteCompany = defineAction({
  summary: 'Delete a company',
  input: z.strictObject({ id: idSchema('cmp') }),
  output: z.void(),
  allow: 'contacts:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const deleted = await ctx.tx
      .delete(companies)
      .where(companyById(ctx, id))
      .returning({ id: companies.id })
      .catch(onViolation('contacts_company_fk', CompanyErrors.HasContacts));
    if (deleted.length === 0) throw CompanyErrors.NotFound();
  },
});
