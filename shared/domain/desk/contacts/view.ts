import { idSchema } from '@insightdesk/shared/contract';
import { personView, toPerson } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import type { ContactRow } from './find-contact.ts';
import type { companies } from './tables.ts';

const properties = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const contactView = z
  .object({
    ...personView.shape,
    externalId: z.string().nullable().describe('The id of the customer in your product'),
    addresses: z.array(z.object({ address: z.string(), verified: z.boolean() })),
    timeZone: z.string().nullable(),
    language: z.string().nullable(),
    properties,
    company: z.object({ id: idSchema('cmp'), name: z.string() }).nullable(),
    anonymous: z.boolean().describe('A visitor who has not identified itself'),
    hasLogin: z.boolean().describe('Signs in with an account of its own'),
    blocked: z.boolean(),
    mergedInto: idSchema('usr').nullable(),
    createdAt: z.iso.datetime(),
    version: z.int(),
  })
  .meta({ id: 'Contact' });

export const toContact = (row: ContactRow) => ({
  ...toPerson(row),
  externalId: row.externalId,
  addresses: row.addresses ?? [],
  timeZone: row.timeZone,
  language: row.language,
  properties: row.properties,
  company:
    row.companyId && row.companyName !== null ? { id: row.companyId, name: row.companyName } : null,
  anonymous: row.isAnonymous,
  hasLogin: row.hasLogin,
  blocked: row.blockedAt !== null,
  mergedInto: row.mergedInto,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
});

export const contactEtag = ({ version }: { version: number }) => String(version);

export const companyView = z
  .object({
    id: idSchema('cmp'),
    name: z.string(),
    externalId: z.string().nullable(),
    properties,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Company' });

export const toCompany = (row: typeof companies.$inferSelect) => ({
  id: row.id,
  name: row.name,
  externalId: row.externalId,
  properties: row.properties,
  createdAt: row.createdAt.toISOString(),
});
