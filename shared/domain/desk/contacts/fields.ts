import { email, languageTag, singleLine, text, timeZone } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { ContactErrors } from './errors.ts';
import type { PropertyValue } from './tables.ts';

const MAX_PROPERTIES = 50;
const MAX_PROPERTY_BYTES = 8_192;

/** The id of a customer or a company in the product of the organization. */
export const externalId = singleLine(200).describe('Its id in your product');

export const propertyName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,59}$/,
    'Must have characters a-z, A-Z, 0-9, `_`, `.` and `-` only, and start with a-z or A-Z',
  );

const propertyValue = z.union([text(1_000), z.number(), z.boolean()]);

/** Properties to set; null deletes one. */
export const propertyChanges = z
  .record(propertyName, propertyValue.nullable())
  .describe('Properties to set, each a text, a number or a boolean; null deletes one');

const avatarUrl = z
  .url({ protocol: /^https$/ })
  .max(1_000)
  .describe('An https URL; browsers of staff load it');

/** What can be changed of a contact; null deletes a value. */
export const contactChanges = {
  name: singleLine(200).optional(),
  avatarUrl: avatarUrl.nullable().optional(),
  timeZone: timeZone().nullable().optional(),
  language: languageTag().nullable().optional(),
  companyId: idSchema('cmp').nullable().optional(),
  properties: propertyChanges.optional(),
};

export type ContactChanges = z.output<z.ZodObject<typeof contactChanges>>;

/** An address with the statement of the product's server that the contact reads it. */
export const statedAddress = {
  email: email().optional(),
  emailVerified: z
    .boolean()
    .default(false)
    .describe('Whether your product has verified that the contact reads this address'),
};

/** The properties after changes; throws 422 when they are too many. */
export function changeProperties(
  before: Readonly<Record<string, PropertyValue>>,
  changes: z.output<typeof propertyChanges> = {},
): Record<string, PropertyValue> {
  const merged = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
  const after = Object.fromEntries(merged) as Record<string, PropertyValue>;
  if (!isWithinLimits(after)) {
    throw ContactErrors.TooManyProperties(MAX_PROPERTIES, MAX_PROPERTY_BYTES);
  }
  return after;
}

/** The properties with those of another contact that are missing, as many as the limits allow. */
export function addMissingProperties(
  own: Readonly<Record<string, PropertyValue>>,
  others: Readonly<Record<string, PropertyValue>>,
): Record<string, PropertyValue> {
  let after = { ...own };
  for (const [name, value] of Object.entries(others)) {
    const added = { ...after, [name]: value };
    if (!Object.hasOwn(own, name) && isWithinLimits(added)) after = added;
  }
  return after;
}

const isWithinLimits = (properties: Record<string, PropertyValue>) =>
  Object.keys(properties).length <= MAX_PROPERTIES &&
  Buffer.byteLength(JSON.stringify(properties)) <= MAX_PROPERTY_BYTES;
