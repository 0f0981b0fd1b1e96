import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { identityKeys } from './tables.ts';

export const identityKeyAlgorithms = ['HS256', 'EdDSA'] as const;

export const publicKeyView = z
  .object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })
  .meta({ id: 'Ed25519PublicKey' });

export const identityKeyView = z
  .object({
    id: idSchema('idk').describe('The `kid` of identity tokens'),
    name: z.string(),
    algorithm: z.enum(identityKeyAlgorithms),
    publicKey: publicKeyView.nullable().describe('EdDSA: the public key'),
    createdBy: idSchema('usr'),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable().describe('Accurate to a minute'),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'IdentityKey' });

/** An identity key without its secret. */
export const toIdentityKey = (row: typeof identityKeys.$inferSelect) => ({
  id: row.id,
  name: row.name,
  algorithm: row.algorithm,
  publicKey:
    row.publicKey === null ? null : (JSON.parse(row.publicKey) as z.output<typeof publicKeyView>),
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
});
