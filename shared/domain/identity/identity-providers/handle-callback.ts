import { type Context, defineAction, readTenant, withTenant } from '@insightdesk/shared/context';
import { findMember } from '@insightdesk/shared/domain/identity/users';
import { AppError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type AuthorizationRequest, decryptAuthorizationRequest } from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { fetchIdentity } from './fetch-identity.ts';
import { jitProvision } from './jit-provision.ts';
import { encryptLoginTicket } from './login-ticket.ts';
import { requireEnabledProvider } from './require-provider.ts';
import { createLink, resolveUser } from './resolve-user.ts';

const LOGIN_TICKET_TTL_SECONDS = 60;

/** Returns the URL to redirect to, with a login ticket, a linked provider or an error code. */
export const handleCallback = defineAction({
  summary: 'Handle the callback of an identity provider',
  input: z.object({
    authorizationRequest: z.string().max(4_000).optional(),
    url: z.url().max(8_000),
  }),
  output: z.object({ url: z.string() }),
  allow: 'anyone',
  async run(ctx, { authorizationRequest, url }) {
    const request = decryptAuthorizationRequest(ctx, authorizationRequest);
    const redirect = (parameter: string, value: string) => ({
      url: `${request.redirectTo}#${parameter}=${encodeURIComponent(value)}`,
    });
    try {
      const ticket = await authenticate(ctx, request, url);
      return ticket ? redirect('token', ticket) : redirect('linked', request.providerId);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      ctx.log.info({ code: error.code, providerId: request.providerId }, 'oauth: sign-in failed');
      return redirect('error', error.code);
    }
  },
});

/** A login ticket; undefined after an identity was linked. */
async function authenticate(
  ctx: Context,
  request: AuthorizationRequest,
  url: string,
): Promise<string | undefined> {
  const { tenantId, providerId, challenge, userId } = request;
  const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
  const provider = await readTenant(anonymous, (tenant) =>
    requireEnabledProvider(tenant, providerId),
  );
  const identity = await fetchIdentity(ctx, { provider, request, url });
  if (userId) {
    await withTenant(anonymous, async (tenant) => {
      if (!(await findMember(tenant, userId))) throw ProviderErrors.UnknownUser();
      await createLink(tenant, provider, identity, userId);
    });
    return undefined;
  }
  const resolvedId =
    (await withTenant(anonymous, (tenant) => resolveUser(tenant, provider, identity))) ??
    (await jitProvision(anonymous, provider, identity));
  const expiresAt = Date.now() + LOGIN_TICKET_TTL_SECONDS * 1000;
  if (!challenge) throw ProviderErrors.Stale();
  return encryptLoginTicket(ctx, {
    tenantId,
    providerId,
    userId: resolvedId,
    challenge,
    expiresAt,
  });
}
