import { type Context, defineAction, readTenant, withTenant } from '@insightdesk/shared/context';
import { findMember } from '@insightdesk/shared/domain/identity/users';
import { AppError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type AuthorizationRequest, decryptAuthorizationRequest, encryptLoginTicket } from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { fetchIdentity } from './fetch-identity.ts';
import { jitProvision } from './jit-provision.ts';
import { createLink, resolveUser } from './resolve-user.ts';
import { requireEnabledProvider } from './require-provider.ts';

const ARRIVAL_SECONDS = 60;

/** Takes a browser back from its provider; where it goes from here, with a token or what went wrong. */
export const handleCallback = defineAction({
  summary: 'Handle the callback of an identity provider',
  input: z.object({ attempt: z.string().max(4_000).optional(), url: z.url().max(8_000) }),
  output: z.object({ url: z.string() }),
  allow: 'anyone',
  async run(ctx, { attempt: sealed, url }) {
    const attempt = decryptAuthorizationRequest(ctx, sealed);
    const to = (word: string, value: string) => ({
      url: `${attempt.redirectTo}#${word}=${encodeURIComponent(value)}`,
    });
    try {
      const token = await finish(ctx, attempt, url);
      return token ? to('token', token) : to('linked', attempt.providerId);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      ctx.log.info({ code: error.code, providerId: attempt.providerId }, 'oauth: refused');
      return to('error', error.code);
    }
  },
});

async function finish(ctx: Context, attempt: AuthorizationRequest, url: string): Promise<string | undefined> {
  const { tenantId, providerId, challenge, userId } = attempt;
  const there = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
  const provider = await readTenant(there, (tenant) => requireEnabledProvider(tenant, providerId));
  const identity = await fetchIdentity(ctx, { provider, attempt, url });
  if (userId) {
    await withTenant(there, async (tenant) => {
      if (!(await findMember(tenant, userId))) throw ProviderErrors.Unknown();
      await createLink(tenant, provider, identity, userId);
    });
    return undefined;
  }
  const person =
    (await withTenant(there, (tenant) => resolveUser(tenant, provider, identity))) ??
    (await jitProvision(there, provider, identity));
  const expiresAt = Date.now() + ARRIVAL_SECONDS * 1000;
  if (!challenge) throw ProviderErrors.Stale();
  return encryptLoginTicket(ctx, { tenantId, providerId, userId: person, challenge, expiresAt });
}
