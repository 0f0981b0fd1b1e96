import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  confirmPassword,
  currentPassword,
  revokeSessions,
} from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { authorizationView, createAuthorizationRequest } from './create-authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { requireEnabledProvider } from './require-provider.ts';
import { identityLinks } from './tables.ts';

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

/** Unlinks the caller and revokes the sessions that the provider authenticated. */
export const unlinkIdentity = defineAction({
  summary: 'Unlink an identity provider',
  input: z.strictObject({ providerId: idSchema('idp') }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx, { providerId }) {
    const { tx, tenantId, actor } = ctx;
    const deleted = await tx
      .delete(identityLinks)
      .where(matches(identityLinks, { tenantId, providerId, userId: actor.userId }))
      .returning({ userId: identityLinks.userId });
    if (deleted.length === 0) throw ProviderErrors.NotLinked();
    await revokeSessions(ctx, { providerId, userId: actor.userId });
  },
});
