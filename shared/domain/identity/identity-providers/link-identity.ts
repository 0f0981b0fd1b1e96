import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { confirmPassword, currentPassword } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { authorizationView, createAuthorizationRequest } from './create-authorization-request.ts';
import { requireEnabledProvider } from './require-provider.ts';

/** Starts a sign-in at the provider; the callback links the identity with the caller. */
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
