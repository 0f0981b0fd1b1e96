import { randomBytes } from 'node:crypto';
import { defineAction, singleLine, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  lockUntilCommit,
  matches,
  pageInput,
  pageSchema,
  toPage,
} from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { IdentityKeyErrors } from '../errors.ts';
import { identityKeyCreated, identityKeyRevoked } from '../events.ts';
import { identityKeys } from '../tables.ts';
import { identityKeyAlgorithms, identityKeyView, toIdentityKey } from '../view.ts';
import { readPublicKey } from './read-public-key.ts';

const MAX_ACTIVE_KEYS = 10;
/** With those that were revoked within 30 days. */
const MAX_KEYS = 100;
const SECRET_BYTES = 32;

/** The members of a JWK (RFC 7517, 4) for a signature key. */
const jwkMember = z.union([z.string().max(200), z.boolean(), z.array(z.string().max(50)).max(10)]);

const keyById = ({ tenantId }: TenantContext, id: Id<'idk'>) =>
  matches(identityKeys, { tenantId, id });

/** HS256: we generate the secret, which only this response contains. EdDSA: the caller gives the public key. */
export const createIdentityKey = defineAction({
  summary: 'Create an identity key',
  input: z
    .strictObject({
      name: singleLine(100),
      algorithm: z.enum(identityKeyAlgorithms),
      publicKey: z
        .union([z.string().max(2_000), z.record(z.string().max(50), jwkMember)])
        .optional()
        .describe('EdDSA: an Ed25519 public key, as PEM (SPKI) or as a JWK'),
    })
    .refine(({ algorithm, publicKey }) => (algorithm === 'EdDSA') === (publicKey !== undefined), {
      path: ['publicKey'],
      message: 'Required for EdDSA, and only there',
    }),
  output: z
    .object({
      ...identityKeyView.shape,
      secret: z
        .string()
        .nullable()
        .describe('HS256: the secret; its UTF-8 bytes are the key. Only in this response'),
    })
    .meta({ id: 'IdentityKeyWithSecret' }),
  allow: 'identity-keys:manage',
  transaction: 'write',
  async run(ctx, { name, algorithm, publicKey }) {
    const { tx, tenantId, actor, security } = ctx;
    await requireKeyCapacity(ctx);
    const secret = algorithm === 'HS256' ? randomBytes(SECRET_BYTES).toString('base64url') : null;
    const [key] = await tx
      .insert(identityKeys)
      .values({
        tenantId,
        id: newId('idk'),
        name,
        algorithm,
        secret: secret && security.encryption.encrypt('identity-key', secret, tenantId),
        publicKey: publicKey === undefined ? null : JSON.stringify(readPublicKey(publicKey)),
        createdBy: actor.userId,
      })
      .returning();
    if (!key) throw IdentityKeyErrors.NotFound();
    const { id: keyId, createdBy } = key;
    await record(ctx, identityKeyCreated, { keyId, name, algorithm, createdBy });
    return { ...toIdentityKey(key), secret };
  },
});

/** Deletes keys that were revoked long ago; throws 409 when there are still too many. */
async function requireKeyCapacity({ tx, tenantId }: TenantContext): Promise<void> {
  await lockUntilCommit(tx, `identity keys ${tenantId}`);
  const isOwn = eq(identityKeys.tenantId, tenantId);
  await tx
    .delete(identityKeys)
    .where(and(isOwn, lt(identityKeys.revokedAt, sql<Date>`now() - interval '30 days'`)));
  const all = await tx.$count(identityKeys, isOwn);
  const active = await tx.$count(identityKeys, and(isOwn, isNull(identityKeys.revokedAt)));
  if (active >= MAX_ACTIVE_KEYS) throw IdentityKeyErrors.TooMany(MAX_ACTIVE_KEYS);
  if (all >= MAX_KEYS) throw IdentityKeyErrors.TooManyRevoked(MAX_KEYS);
}

/** Newest first, with those that were revoked recently. */
export const listIdentityKeys = defineAction({
  summary: 'List identity keys',
  input: z.strictObject(pageInput),
  output: pageSchema(identityKeyView),
  allow: 'identity-keys:manage',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('idk'));
    const rows = await tx
      .select()
      .from(identityKeys)
      .where(and(eq(identityKeys.tenantId, tenantId), before && lt(identityKeys.id, before)))
      .orderBy(desc(identityKeys.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toIdentityKey);
  },
});

/** Its tokens are refused at once; sessions that they created stay. */
export const revokeIdentityKey = defineAction({
  summary: 'Revoke an identity key',
  input: z.strictObject({ id: idSchema('idk') }),
  output: z.void(),
  allow: 'identity-keys:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const [key] = await ctx.tx.select().from(identityKeys).where(keyById(ctx, id)).for('update');
    if (!key) throw IdentityKeyErrors.NotFound();
    if (key.revokedAt) return;
    await ctx.tx.update(identityKeys).set({ revokedAt: new Date() }).where(keyById(ctx, id));
    await record(ctx, identityKeyRevoked, { keyId: id });
  },
});
