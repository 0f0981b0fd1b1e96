import { randomBytes } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import * as openid from 'openid-client';
import { z } from 'zod';
import {
  ATTEMPT_SECONDS,
  type Attempt,
  CALLBACK_PATH,
  requireOwnPage,
  sealAttempt,
} from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { openClient } from './create-openid-client.ts';
import type { ProviderRow } from './tables.ts';

/** Where to send the browser, and what it has to bring back. */
export const begunView = z.object({
  url: z.string(),
  attempt: z.string(),
});

type Purpose = { challenge: string } | { userId: Id<'usr'> };

/** Prepares a browser's way to the provider: authorisation code with PKCE, state and nonce. */
export async function begin(
  ctx: Context,
  provider: ProviderRow,
  { redirectTo, ...purpose }: { redirectTo: string } & Purpose,
) {
  requireOwnPage(ctx, redirectTo);
  const client = await openClient(ctx, provider).catch((error: unknown) => {
    throw ProviderErrors.Refused(error);
  });
  const secret = () => randomBytes(32).toString('base64url');
  const attempt: Attempt = {
    tenantId: provider.tenantId,
    providerId: provider.id,
    state: secret(),
    nonce: secret(),
    verifier: secret(),
    redirectTo,
    ...purpose,
    expiresAt: Date.now() + ATTEMPT_SECONDS * 1000,
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
  return { url: url.href, attempt: sealAttempt(ctx, attempt) };
}
