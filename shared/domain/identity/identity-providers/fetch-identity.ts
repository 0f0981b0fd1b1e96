import type { Context } from '@insightdesk/shared/context';
import * as openid from 'openid-client';
import type { AuthorizationRequest } from './authorization-request.ts';
import { createOpenidClient } from './create-openid-client.ts';
import { ProviderErrors } from './errors.ts';
import type { ProviderRow } from './tables.ts';

/** A user as the provider knows them. */
export interface Identity {
  issuer: string;
  subject: string;
  /** Undefined unless the provider has verified the address. */
  verifiedEmail: string | undefined;
  name?: string | undefined;
}

/** Exchanges the code in the callback URL; verifies state, nonce, PKCE and the signed ID token. */
export async function fetchIdentity(
  ctx: Context,
  { provider, request, url }: { provider: ProviderRow; request: AuthorizationRequest; url: string },
): Promise<Identity> {
  try {
    const client = await createOpenidClient(ctx, provider);
    const tokens = await openid.authorizationCodeGrant(client, new URL(url), {
      pkceCodeVerifier: request.verifier,
      expectedState: request.state,
      expectedNonce: request.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw ProviderErrors.Refused();
    const profile =
      claims.email === undefined && client.serverMetadata().userinfo_endpoint
        ? await openid.fetchUserInfo(client, tokens.access_token, claims.sub)
        : claims;
    const isVerified = profile.email_verified === true && typeof profile.email === 'string';
    return {
      issuer: claims.iss,
      subject: claims.sub,
      verifiedEmail: isVerified ? String(profile.email).toLowerCase() : undefined,
      name: typeof profile.name === 'string' ? profile.name : undefined,
    };
  } catch (error) {
    throw ProviderErrors.Refused(error);
  }
}
