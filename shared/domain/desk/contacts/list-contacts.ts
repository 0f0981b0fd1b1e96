import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema, toUuid } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { and, desc, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { propertyName } from './fields.ts';
import { type ContactRow, selectContacts } from './find-contact.ts';
import { contacts, type PropertyValue } from './tables.ts';
import { contactView, toContact } from './view.ts';

const propertyFilter = z
  .string()
  .max(300)
  .optional()
  .describe('`name:value`, such as `plan:pro`, `seats:5` or `trial:true`');

/** The contacts of the organization, newest first; merged ones are left out. */
export const listContacts = defineAction({
  summary: 'List contacts',
  input: z.strictObject({
    ...pageInput,
    q: text(200).optional().describe('Part of the name, of an address or of the external id'),
    companyId: idSchema('cmp').optional(),
    property: propertyFilter,
  }),
  output: pageSchema(contactView),
  allow: 'contacts:read',
  transaction: 'read',
  isHeavy: ({ q, property }) => q !== undefined || property !== undefined,
  async run(ctx, { limit, cursor, q, companyId, property }) {
    const before = decodeCursor(cursor, idSchema('usr'));
    const isFiltered = q !== undefined || companyId !== undefined || property !== undefined;
    const wanted = property === undefined ? null : JSON.stringify(parseProperty(property));
    // An index of n-grams or of JSON cannot be used under a row-level security policy: the function bypasses it.
    const found = sql`${contacts.userId} = any(array(select app.find_contacts(${q ?? null}, ${wanted}::jsonb,
      ${companyId ? toUuid(companyId) : null}::uuid, ${before ? toUuid(before) : null}::uuid, ${limit + 1})))`;
    const listed = and(isNull(contacts.mergedInto), before && lt(contacts.userId, before));
    const rows = await selectContacts(ctx, isFiltered ? found : listed)
      .orderBy(desc(contacts.userId))
      .limit(limit + 1)
      .execute();
    return toPage(rows as ContactRow[], limit, ({ id }) => id, toContact);
  },
});

/** A number or a boolean where the value looks like one; otherwise a text. */
function parseProperty(filter: string): Record<string, PropertyValue> {
  const at = filter.indexOf(':');
  const name = propertyName.safeParse(filter.slice(0, at));
  if (at < 0 || !name.success) {
    throw new DomainValidationError(undefined, {
      errors: [{ path: 'property', message: 'Must be name:value' }],
    });
  }
  const value = filter.slice(at + 1);
  if (value === 'true' || value === 'false') return { [name.data]: value === 'true' };
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return { [name.data]: Number.isFinite(number) ? number : value };
}
