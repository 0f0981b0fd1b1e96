import type { TenantContext } from '@insightdesk/shared/context';
import { users } from '../tables.ts';

/** Creates a user; `emailVerifiedAt` is set by callers that have verified the address. */
export const createAccount = (
  { tx }: TenantContext,
  user: Omit<typeof users.$inferInsert, 'passwordHash'>,
  passwordHash: string,
) => tx.insert(users).values({ ...user, passwordHash });
