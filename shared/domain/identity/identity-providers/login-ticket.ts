import type { Context } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decryptUnexpired } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';

const loginTicket = z.strictObject({
  tenantId: idSchema('org'),
  providerId: idSchema('idp'),
  userId: idSchema('usr'),
  challenge: z.string(),
  expiresAt: z.number(),
});

/** Proves that the provider authenticated the user; exchanged once for a session. */
export type LoginTicket = z.output<typeof loginTicket>;

export const encryptLoginTicket = ({ security }: Context, ticket: LoginTicket) =>
  security.encryption.encrypt('oauth-ticket', JSON.stringify(ticket));

/** Throws 401 OAUTH_STALE for a forged or expired ticket. */
export function decryptLoginTicket(ctx: Context, encrypted: string): LoginTicket {
  const ticket = decryptUnexpired(ctx, 'oauth-ticket', loginTicket, encrypted);
  if (!ticket) throw ProviderErrors.Stale();
  return ticket;
}
