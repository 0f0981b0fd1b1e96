import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { authorizationView, createAuthorizationRequest } from './create-authorization-request.ts';
import { requireEnabledProvider } from './require-provider.ts';

export const startSignIn = defineAction({
  summary: 'Start sign-in with an identity provider',
  input: z.strictObject({
    providerId: idSchema('idp'),
    organizationId: idSchema('org'),
    redirectTo: z.url().max(1_000).describe('Page that exchanges the login ticket for a session'),
    challenge: z
      .string()
      .regex(/^[\w-]{43}$/)
      .describe('SHA-256, base64url, of the verifier that the page stores'),
  }),
  output: authorizationView,
  allow: 'anyone',
  async run(ctx, { providerId, organizationId: tenantId, redirectTo, challenge }) {
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    const provider = await readTenant(anonymous, (tenant) =>
      requireEnabledProvider(tenant, providerId),
    );
    return createAuthorizationRequest(ctx, provider, { redirectTo, challenge });
  },
});
