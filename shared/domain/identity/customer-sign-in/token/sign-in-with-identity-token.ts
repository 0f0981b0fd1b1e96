import { createHash } from 'node:crypto';
import {
  type Context,
  defineAction,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { matches, statement, withCommit } from '@insightdesk/shared/database';
import { signedInView } from '@insightdesk/shared/domain/identity/users';
import { requireEnabledOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { CustomerSignInErrors } from '../errors.ts';
import { signInContact } from '../sign-in-contact.ts';
import { identityKeys, usedIdentityTokens } from '../tables.ts';
import { findVisitor, mergeVisitor } from '../visitor/merge-visitor.ts';
import { resolveIdentity } from './resolve-identity.ts';
import {
  type Identity,
  MAX_TOKEN_LENGTH,
  readTokenReference,
  type TokenReference,
  verifyIdentityToken,
} from './verify-identity-token.ts';

/** Finds or creates the contact of the token. An anonymous visitor who calls it becomes that contact. */
export const signInWithIdentityToken = defineAction({
  summary: 'Sign in a customer with an identity token',
  input: z.strictObject({
    identityToken: z
      .string()
      .max(MAX_TOKEN_LENGTH)
      .describe('A JWT that your server signs with one of its identity keys'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { identityToken }) {
    const reference = readTokenReference(identityToken);
    const { tenantId } = reference;
    const key = await requireKey(ctx, reference);
    const identity = await verifyIdentityToken(identityToken, key);
    const visitorId = await findVisitor(ctx, tenantId);
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    return withTenant(anonymous, async (tenant) => {
      const organization = await requireEnabledOrganization(tenant);
      await useToken(tenant, reference.keyId, identity);
      const contactId = await resolveIdentity(tenant, identity);
      await mergeVisitor(tenant, visitorId, contactId);
      withCommit(tenant.tx, recordUse(tenant, reference.keyId));
      return signInContact(tenant, { contactId, organization });
    });
  },
});

const selectKey = statement(
  { tenantId: identityKeys.tenantId, id: identityKeys.id },
  ({ tenantId, id }, q) =>
    q.select().from(identityKeys).where(matches(identityKeys, { tenantId, id })),
);

/** Another organization's key is as unknown as one that does not exist. */
async function requireKey(
  { database, security }: Context,
  { tenantId, keyId: id }: TokenReference,
) {
  const [row] = await database.read({ tenantId }, (tx) => selectKey(tx, { tenantId, id }));
  if (!row || row.revokedAt) {
    throw CustomerSignInErrors.TokenInvalid(
      'has a kid that is no active key of the organization in aud',
    );
  }
  const { algorithm, secret, publicKey } = row;
  const material = secret
    ? security.encryption.decrypt('identity-key', secret, tenantId)
    : publicKey;
  return { algorithm, material: material ?? '' };
}

/** A token with an id works once. */
async function useToken(
  { tx, tenantId }: TenantContext,
  keyId: Id<'idk'>,
  { tokenId, expiresAt }: Identity,
): Promise<void> {
  if (tokenId === undefined) return;
  const hash = createHash('sha256').update(tokenId).digest('hex');
  const used = await tx
    .insert(usedIdentityTokens)
    .values({ tenantId, keyId, hash, expiresAt })
    .onConflictDoNothing()
    .returning({ hash: usedIdentityTokens.hash });
  if (used.length === 0) throw CustomerSignInErrors.TokenInvalid('was already used');
}

/** Accurate to a minute, so that sign-ins do not wait for each other. */
const recordUse = ({ tx, tenantId }: TenantContext, keyId: Id<'idk'>) =>
  tx.execute(sql`update ${identityKeys} set last_used_at = now()
    where tenant_id = ${toUuid(tenantId)}::uuid and id = ${toUuid(keyId)}::uuid
    and (last_used_at is null or last_used_at < now() - interval '1 minute')`);
