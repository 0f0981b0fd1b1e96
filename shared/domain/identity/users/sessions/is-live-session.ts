import { and, gt, isNull, sql } from 'drizzle-orm';
import { sessions } from './tables.ts';

/** Sessions that are neither revoked nor expired. */
export const isLiveSession = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
