import { email, singleLine, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { lockUntilCommit } from '@insightdesk/shared/database';
import { z } from 'zod';
import { ContactErrors } from './errors.ts';
import { externalId } from './fields.ts';
import {
  type ContactRow,
  findContactByAddress,
  findContactByExternalId,
  requireActiveContact,
} from './find-contact.ts';
import { createContactRow } from './write-contact.ts';

/** A contact by its id, or by what identifies it: one that is not known is created. */
export const contactReference = {
  contactId: idSchema('usr').optional().describe('The contact that the conversation is with'),
  contact: z
    .strictObject({
      externalId: externalId.optional(),
      email: email().optional(),
      name: singleLine(200).optional(),
    })
    .refine((given) => given.externalId ?? given.email, 'Must have an externalId or an email')
    .optional()
    .describe('The same by what identifies it; an unknown contact is created'),
};

export type ContactReference = z.output<z.ZodObject<typeof contactReference>>;

/**
 * The active contact of a reference; undefined without one. Throws 404, and 409 CONTACT_BLOCKED. The
 * address of a contact with an `externalId` identifies nobody: who owns it is not known.
 */
export async function resolveContact(
  ctx: TenantContext,
  { contactId, contact }: ContactReference,
): Promise<ContactRow | undefined> {
  if (contactId) return requireActiveContact(ctx, contactId);
  if (!contact) return undefined;
  await lockIdentity(ctx, contact.externalId ?? contact.email ?? '');
  const found = contact.externalId
    ? await findContactByExternalId(ctx, contact.externalId)
    : await findContactByAddress(ctx, contact.email ?? '');
  if (found?.removedAt) throw ContactErrors.Blocked();
  return found ?? requireActiveContact(ctx, await create(ctx, contact));
}

/** Calls that create a contact with the same identity wait for each other. */
export const lockIdentity = ({ tx, tenantId }: TenantContext, identity: string) =>
  lockUntilCommit(tx, `contact ${tenantId} ${identity}`);

function create(
  ctx: TenantContext,
  contact: NonNullable<ContactReference['contact']>,
): Promise<Id<'usr'>> {
  const { externalId: id, email: address } = contact;
  return createContactRow(ctx, {
    name: contact.name ?? nameOf(address) ?? 'Customer',
    externalId: id,
    address: address ? { address, isVerified: false, mayIdentify: id === undefined } : undefined,
  });
}

/** The part of an address before the `@`, which is the name of a contact without another one. */
export const nameOf = (address: string | undefined) => address?.split('@')[0];
