import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { createAuthorizationRequest, authorizationView } from './create-authorization-request.ts';
import { requireEnabledProvider } from './require-provider.ts';

/** Sends a browser to the provider. */
export const startSignIn = defineAction({
  summary: 'Start sign-in with an identity provider',
  input: z.strictObject({
    providerId: idSchema('idp'),
    organizationId: idSchema('org'),
    redirectTo: z.url().max(1_000).describe('Page of ours that fetches the session afterwards'),
    challenge: z
      .string()
      .regex(/^[\w-]{43}$/)
      .describe('SHA-256, base64url, of the verifier that the page keeps'),
  }),
  output: authorizationView,
  allow: 'anyone',
  async run(ctx, { providerId, organizationId: tenantId, redirectTo, challenge }) {
    const there = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const provider = await readTenant(there, (tenant) => requireEnabledProvider(tenant, providerId));
    return createAuthorizationRequest(ctx, provider, { redirectTo, challenge });
  },
});
