import { and, gt, isNull, sql } from 'drizzle-orm';
import { sessions } from '../tables.ts';

/** A session that has neither been ended nor run out. */
export const isLiveSession = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
