import type { Context } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decryptUnexpired } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';

/** The path of the redirect URI that providers call back. */
export const CALLBACK_PATH = '/v1/auth/oauth/callback';
/** How long a user can take to sign in at the provider. */
export const AUTHORIZATION_REQUEST_TTL_SECONDS = 600;

const authorizationRequest = z.strictObject({
  tenantId: idSchema('org'),
  providerId: idSchema('idp'),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectTo: z.string(),
  /** Of a sign-in: the challenge whose verifier exchanges the login ticket. */
  challenge: z.string().optional(),
  /** Of a link: the user to link. */
  userId: idSchema('usr').optional(),
  expiresAt: z.number(),
});

/** An OpenID Connect authorization request, which the browser stores in an encrypted cookie. */
export type AuthorizationRequest = z.output<typeof authorizationRequest>;

export const encryptAuthorizationRequest = (ctx: Context, request: AuthorizationRequest) =>
  ctx.security.encryption.encrypt('oauth-request', JSON.stringify(request));

/** Throws 401 OAUTH_STALE for a missing, forged or expired request. */
export function decryptAuthorizationRequest(ctx: Context, encrypted: string | undefined) {
  const request = decryptUnexpired(ctx, 'oauth-request', authorizationRequest, encrypted);
  if (!request) throw ProviderErrors.Stale();
  return request;
}

/**
 * The URL of the page as the parser reads it, without credentials and fragment, so that a browser can
 * read nothing else in it. Throws 422 unless it belongs to an allowed origin: prevents an open redirect.
 */
export function normalizeRedirect(
  { settings }: { settings: Pick<Context['settings'], 'origins'> },
  redirectTo: string,
) {
  const url = URL.parse(redirectTo);
  // The origin of a blob: URL is that of its page.
  const isPage = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!isPage || !settings.origins.includes(url.origin)) throw ProviderErrors.RedirectNotAllowed();
  return `${url.origin}${url.pathname}${url.search}`;
}
