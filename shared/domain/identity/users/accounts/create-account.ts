import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { stageEmail } from './set-email.ts';

/** The domain of the addresses of users without an account of their own: no email and no sign-in reaches them. */
export const CONTACT_DOMAIN = '@contacts.invalid';

interface NewAccount {
  id: Id<'usr'>;
  email: string;
  name: string;
  passwordHash?: string;
  /** Whether the caller has verified the address. */
  isVerified?: boolean;
}

/**
 * Creates a user. The services' role may set these columns only, and a verified address by ticket.
 * Row-level security shows the user from the first membership on.
 */
export async function createAccount(
  ctx: TenantContext,
  { id, email, name, passwordHash = undefined, isVerified = false }: NewAccount,
): Promise<void> {
  const ticket = isVerified ? await stageEmail(ctx, id, email) : null;
  await ctx.tx.execute(sql`insert into users (id, email, name, password_hash, email_ticket)
    values (${toUuid(id)}::uuid, ${email}, ${name}, ${passwordHash ?? null}, ${ticket}::uuid)`);
}
