import type { Context } from '@insightdesk/shared/context';
import * as openid from 'openid-client';
import type { AuthorizationRequest } from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { createOpenidClient } from './create-openid-client.ts';
import type { ProviderRow } from './tables.ts';

/** Who somebody is at a provider. */
export interface Identity {
  issuer: string;
  subject: string;
  /** Only where the provider says that it is verified. */
  verifiedEmail: string | undefined;
  /** What the provider calls the person. */
  name?: string | undefined;
}

/** Swaps the code in the browser's URL, and checks state, nonce, PKCE and the signed token. */
export async function fetchIdentity(
  ctx: Context,
  { provider, attempt, url }: { provider: ProviderRow; attempt: AuthorizationRequest; url: string },
): Promise<Identity> {
  try {
    const client = await createOpenidClient(ctx, provider);
    const tokens = await openid.authorizationCodeGrant(client, new URL(url), {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw ProviderErrors.Refused();
    const about =
      claims.email === undefined && client.serverMetadata().userinfo_endpoint
        ? await openid.fetchUserInfo(client, tokens.access_token, claims.sub)
        : claims;
    const isVerified = about.email_verified === true && typeof about.email === 'string';
    return {
      issuer: claims.iss,
      subject: claims.sub,
      verifiedEmail: isVerified ? String(about.email).toLowerCase() : undefined,
      name: typeof about.name === 'string' ? about.name : undefined,
    };
  } catch (error) {
    throw ProviderErrors.Refused(error);
  }
}
