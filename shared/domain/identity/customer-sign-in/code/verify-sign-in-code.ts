import { timingSafeEqual } from 'node:crypto';
import {
  defineAction,
  displayName,
  email,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  addAddress,
  contactAddresses,
  createContactRow,
  findContactByAddress,
  lockIdentity,
  nameOf,
  recordContactUpdated,
} from '@insightdesk/shared/domain/desk/contacts';
import {
  signedInView,
  twoFactorCode,
  verifySecondFactor,
} from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { and, asc, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { CustomerSignInErrors } from '../errors.ts';
import { findOrganizationWith } from '../find-organization.ts';
import { signInContact } from '../sign-in-contact.ts';
import { signInCodes } from '../tables.ts';
import { findVisitor, mergeVisitor } from '../visitor/merge-visitor.ts';
import { digitsOf, isLiveCode } from './sign-in-code.ts';

const { CodeInvalid } = CustomerSignInErrors;

/**
 * Signs in the contact that the address identifies, or a new one. The second factor of
 * the contact's account is required too. Throws the same 401 for every wrong code.
 */
export const verifySignInCode = defineAction({
  summary: 'Sign in a customer with a code',
  input: z.strictObject({
    organizationId: idSchema('org'),
    email: email(),
    code: z.string().regex(/^\d{6}$/, 'Must have six digits'),
    name: displayName(200).optional().describe('The name of a new contact'),
    twoFactorCode: twoFactorCode
      .optional()
      .describe('Code of the second factor, if the account has one'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const { organizationId: tenantId, email: address } = input;
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const checked = await withTenant(anonymous, (tenant) => checkCode(tenant, address, input.code));
    if (!checked) throw CodeInvalid();
    const method = { by: 'password', code: input.twoFactorCode } as const;
    const { factorId } = await verifySecondFactor(ctx, checked.contactId ?? newId('usr'), method);
    const visitorId = await findVisitor(ctx, tenantId);
    return withTenant(anonymous, async (tenant) => {
      const organization = await findOrganizationWith(tenant, 'emailCodeSignIn');
      if (!organization) throw CodeInvalid();
      await useCode(tenant, checked.codeId, address);
      const { contactId, isNew } = await resolveAddress(tenant, address, input.name);
      // The second factor was verified for the contact that the address identified then.
      if (!isNew && checked.contactId !== contactId) throw CodeInvalid();
      await mergeVisitor(tenant, visitorId, contactId);
      return signInContact(tenant, { contactId, organization, factorId });
    });
  },
});

/** Locks the live codes of the address, so that concurrent attempts count; a wrong code counts for each. */
async function checkCode(ctx: TenantContext, address: string, given: string) {
  const { tx, tenantId } = ctx;
  if (!(await findOrganizationWith(ctx, 'emailCodeSignIn'))) return undefined;
  const live = await tx
    .select({ id: signInCodes.id })
    .from(signInCodes)
    .where(and(matches(signInCodes, { tenantId, address }), isLiveCode))
    .orderBy(asc(signInCodes.id))
    .for('update');
  const isGiven = (id: Id<'sic'>) =>
    timingSafeEqual(Buffer.from(digitsOf(ctx, id)), Buffer.from(given));
  const matching = live.filter(({ id }) => isGiven(id)).at(0);
  if (matching) {
    const contact = await findContactByAddress(ctx, address);
    return { codeId: matching.id, contactId: contact?.id };
  }
  const ids = live.map(({ id }) => id);
  if (ids.length > 0) {
    await tx
      .update(signInCodes)
      .set({ failures: sql`${signInCodes.failures} + 1` })
      .where(and(matches(signInCodes, { tenantId }), inArray(signInCodes.id, ids)));
  }
  return undefined;
}

/** A code works once; the other codes of the address end with it. */
async function useCode({ tx, tenantId }: TenantContext, codeId: Id<'sic'>, address: string) {
  const used = await tx
    .update(signInCodes)
    .set({ usedAt: sql`now()` as unknown as Date })
    .where(and(matches(signInCodes, { tenantId, address }), isNull(signInCodes.usedAt)))
    .returning({ id: signInCodes.id });
  if (!used.some(({ id }) => id === codeId)) throw CodeInvalid();
}

/** The contact that reads the address; throws 403 for a blocked one, and 401 for staff. */
async function resolveAddress(
  ctx: TenantContext,
  address: string,
  name = nameOf(address) ?? address,
): Promise<{ contactId: Id<'usr'>; isNew: boolean }> {
  await lockIdentity(ctx, address);
  const found = await findContactByAddress(ctx, address);
  const verified = { address, isVerified: true, mayIdentify: true };
  if (!found) {
    await rejectStaff(ctx, address);
    const contactId = await createContactRow(ctx, { name, address: verified });
    return { contactId, isNew: true };
  }
  if (found.removedAt) throw CustomerSignInErrors.Blocked();
  if (await addAddress(ctx, found.id, verified)) await recordContactUpdated(ctx, found.id);
  return { contactId: found.id, isNew: false };
}

/** The address may identify a customer who works for the organization now. */
async function rejectStaff({ tx, tenantId }: TenantContext, address: string): Promise<void> {
  const taken = await tx
    .select({ id: contactAddresses.contactId })
    .from(contactAddresses)
    .where(matches(contactAddresses, { tenantId, address, isIdentity: true }));
  if (taken.length > 0) throw CodeInvalid();
}
