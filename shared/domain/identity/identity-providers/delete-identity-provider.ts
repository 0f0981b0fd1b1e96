import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { revokeSessions } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { providerById, requireProvider } from './require-provider.ts';
import { identityProviders } from './tables.ts';

/** Deletes the provider and its links, and revokes the sessions that it authenticated. */
export const deleteIdentityProvider = defineAction({
  summary: 'Delete an identity provider',
  input: z.strictObject({ id: idSchema('idp') }),
  output: z.void(),
  allow: 'providers:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    await requireProvider(ctx, id);
    await revokeSessions(ctx, { providerId: id });
    await ctx.tx.delete(identityProviders).where(providerById(ctx, id));
  },
});
