import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { confirmPassword, currentPassword } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { createAuthorizationRequest, authorizationView } from './create-authorization-request.ts';
import { requireEnabledProvider } from './require-provider.ts';

/** Sends the caller's browser to the provider, to be linked with whoever it is there. */
export const linkIdentity = defineAction({
  summary: 'Link an identity provider',
  input: z.strictObject({
    providerId: idSchema('idp'),
    redirectTo: z.url().max(1_000),
    password: currentPassword,
  }),
  output: authorizationView,
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { providerId, redirectTo, password }) {
    await confirmPassword(ctx, password);
    const provider = await readTenant(ctx, (tenant) => requireEnabledProvider(tenant, providerId));
    return createAuthorizationRequest(ctx, provider, { redirectTo, userId: ctx.actor.userId });
  },
});
