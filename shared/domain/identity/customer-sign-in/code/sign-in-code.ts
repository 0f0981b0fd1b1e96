import { createHash } from 'node:crypto';
import { type Context, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { signInCodes } from '../tables.ts';

const DIGITS = 6;
export const VALIDITY_MINUTES = 10;
/** Wrong codes after which a code no longer works. */
export const MAX_FAILURES = 5;

/**
 * The digits of a code, derived from its id with the secret of signed tokens: neither the database nor
 * an event contains them. A rotation of that secret ends codes early.
 */
export function digitsOf({ security }: Pick<Context, 'security'>, id: Id<'sic'>): string {
  const token = security.tokenCodec.encode('sign-in-code', [id]);
  const number = createHash('sha256').update(token).digest().readUIntBE(0, 6) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

export const isLiveCode = and(
  isNull(signInCodes.usedAt),
  gt(signInCodes.expiresAt, sql`now()`),
  lt(signInCodes.failures, MAX_FAILURES),
);

/** What the email with a code contains; undefined when the code no longer works. */
export async function findSignInCode(ctx: Context & { tenantId: Id<'org'> }, id: Id<'sic'>) {
  const [row] = await readTenant(ctx, ({ tx, tenantId }) =>
    tx
      .select({ to: signInCodes.address, organizationName: organizations.name })
      .from(signInCodes)
      .innerJoin(organizations, eq(organizations.id, signInCodes.tenantId))
      .where(and(eq(signInCodes.tenantId, tenantId), eq(signInCodes.id, id), isLiveCode))
      .execute(),
  );
  return row && { ...row, code: digitsOf(ctx, id), validityMinutes: VALIDITY_MINUTES };
}
