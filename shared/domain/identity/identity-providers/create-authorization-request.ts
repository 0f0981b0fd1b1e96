import { randomBytes } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import * as openid from 'openid-client';
import { z } from 'zod';
import {
  AUTHORIZATION_REQUEST_TTL_SECONDS,
  type AuthorizationRequest,
  CALLBACK_PATH,
  encryptAuthorizationRequest,
  normalizeRedirect,
} from './authorization-request.ts';
import { createOpenidClient } from './create-openid-client.ts';
import { ProviderErrors } from './errors.ts';
import type { ProviderRow } from './tables.ts';

/** The URL to redirect the browser to, and the request that the callback needs. */
export const authorizationView = z.object({ url: z.string(), authorizationRequest: z.string() });

type Purpose = { challenge: string } | { userId: Id<'usr'> };

/** Starts the authorization code flow with PKCE, state and nonce. */
export async function createAuthorizationRequest(
  ctx: Context,
  provider: ProviderRow,
  { redirectTo, ...purpose }: { redirectTo: string } & Purpose,
) {
  const page = normalizeRedirect(ctx, redirectTo);
  const client = await createOpenidClient(ctx, provider).catch((error: unknown) => {
    throw ProviderErrors.Refused(error);
  });
  const randomToken = () => randomBytes(32).toString('base64url');
  const request: AuthorizationRequest = {
    tenantId: provider.tenantId,
    providerId: provider.id,
    state: randomToken(),
    nonce: randomToken(),
    verifier: randomToken(),
    redirectTo: page,
    ...purpose,
    expiresAt: Date.now() + AUTHORIZATION_REQUEST_TTL_SECONDS * 1000,
  };
  const url = openid.buildAuthorizationUrl(client, {
    redirect_uri: `${ctx.settings.publicUrl}${CALLBACK_PATH}`,
    scope: 'openid email',
    response_type: 'code',
    code_challenge: await openid.calculatePKCECodeChallenge(request.verifier),
    code_challenge_method: 'S256',
    state: request.state,
    nonce: request.nonce,
  });
  return { url: url.href, authorizationRequest: encryptAuthorizationRequest(ctx, request) };
}
