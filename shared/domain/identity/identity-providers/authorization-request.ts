import type { Context } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';

/** The path that providers send browsers back to. */
export const CALLBACK_PATH = '/v1/auth/oauth/callback';
/** How long somebody may take to sign in at the provider. */
export const AUTHORIZATION_REQUEST_TTL_SECONDS = 600;

const authorizationRequest = z.strictObject({
  tenantId: idSchema('org'),
  providerId: idSchema('idp'),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectTo: z.string(),
  /** Signing in: what the page that began shows when it fetches its session. */
  challenge: z.string().optional(),
  /** Linking: who. */
  userId: idSchema('usr').optional(),
  expiresAt: z.number(),
});

/** What a browser remembers of its way to a provider: in a cookie, encrypted. */
export type AuthorizationRequest = z.output<typeof authorizationRequest>;

export const encryptAuthorizationRequest = (ctx: Context, one: AuthorizationRequest) =>
  ctx.security.secrets.encrypt('oauth-attempt', JSON.stringify(one));

/** Throws 401 OAUTH_STALE for anything but a fresh attempt of ours. */
export function decryptAuthorizationRequest(ctx: Context, sealed: string | undefined): AuthorizationRequest {
  return decryptUnexpired(ctx, 'oauth-attempt', authorizationRequest, sealed);
}

const loginTicket = z.strictObject({
  tenantId: idSchema('org'),
  providerId: idSchema('idp'),
  userId: idSchema('usr'),
  challenge: z.string(),
  expiresAt: z.number(),
});

/** Whom the provider has vouched for: the page that began swaps it for a session, once. */
export type LoginTicket = z.output<typeof loginTicket>;

export const encryptLoginTicket = (ctx: Context, one: LoginTicket) =>
  ctx.security.secrets.encrypt('oauth-arrival', JSON.stringify(one));

export const decryptLoginTicket = (ctx: Context, sealed: string): LoginTicket =>
  decryptUnexpired(ctx, 'oauth-arrival', loginTicket, sealed);

function decryptUnexpired<T extends { expiresAt: number }>(
  ctx: Context,
  purpose: 'oauth-attempt' | 'oauth-arrival',
  shape: z.ZodType<T>,
  sealed: string | undefined,
): T {
  let opened: T;
  try {
    opened = shape.parse(JSON.parse(ctx.security.secrets.decrypt(purpose, sealed ?? '')));
  } catch {
    throw ProviderErrors.Stale();
  }
  if (opened.expiresAt < Date.now()) throw ProviderErrors.Stale();
  return opened;
}

/** A page of ours or of an app that may call us: nobody is sent anywhere else. */
export function requireAllowedRedirect({ settings }: Context, redirectTo: string): string {
  const isOurs = URL.canParse(redirectTo) && settings.origins.includes(new URL(redirectTo).origin);
  if (!isOurs) throw ProviderErrors.NotOurPage();
  return redirectTo;
}
