import { randomBytes } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import * as openid from 'openid-client';
import { z } from 'zod';
import {
  AUTHORIZATION_REQUEST_TTL_SECONDS,
  type AuthorizationRequest,
  CALLBACK_PATH,
  requireAllowedRedirect,
  encryptAuthorizationRequest,
} from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { createOpenidClient } from './create-openid-client.ts';
import type { ProviderRow } from './tables.ts';

/** Where to send the browser, and what it has to bring back. */
export const authorizationView = z.object({
  url: z.string(),
  attempt: z.string(),
});

type Purpose = { challenge: string } | { userId: Id<'usr'> };

/** Prepares a browser's way to the provider: authorisation code with PKCE, state and nonce. */
export async function createAuthorizationRequest(
  ctx: Context,
  provider: ProviderRow,
  { redirectTo, ...purpose }: { redirectTo: string } & Purpose,
) {
  requireAllowedRedirect(ctx, redirectTo);
  const client = await createOpenidClient(ctx, provider).catch((error: unknown) => {
    throw ProviderErrors.Refused(error);
  });
  const secret = () => randomBytes(32).toString('base64url');
  const attempt: AuthorizationRequest = {
    tenantId: provider.tenantId,
    providerId: provider.id,
    state: secret(),
    nonce: secret(),
    verifier: secret(),
    redirectTo,
    ...purpose,
    expiresAt: Date.now() + AUTHORIZATION_REQUEST_TTL_SECONDS * 1000,
  };
  const url = openid.buildAuthorizationUrl(client, {
    redirect_uri: `${ctx.settings.publicUrl}${CALLBACK_PATH}`,
    scope: 'openid email',
    response_type: 'code',
    code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    state: attempt.state,
    nonce: attempt.nonce,
  });
  return { url: url.href, attempt: encryptAuthorizationRequest(ctx, attempt) };
}
