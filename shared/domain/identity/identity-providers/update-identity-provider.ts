import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { revokeSessions } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { providerFields } from './create-identity-provider.ts';
import { ProviderErrors } from './errors.ts';
import { providerById, requireProvider } from './require-provider.ts';
import { identityProviders } from './tables.ts';
import { providerView, toProvider } from './view.ts';

/** Revokes the provider's sessions if it is now less trusted. */
export const updateIdentityProvider = defineAction({
  summary: 'Update an identity provider',
  input: z.strictObject({ id: idSchema('idp'), ...z.object(providerFields).partial().shape }),
  output: providerView,
  allow: 'providers:manage',
  transaction: 'write',
  async run(ctx, { id, clientSecret, ...changes }) {
    const before = await requireProvider(ctx, id);
    if (changes.issuer !== undefined) ctx.security.safeFetch.check(changes.issuer);
    const secret =
      clientSecret && ctx.security.encryption.encrypt('oauth-client', clientSecret, ctx.tenantId);
    const values = Object.entries({ ...changes, clientSecret: secret }).filter(
      ([, value]) => value !== undefined,
    );
    if (values.length === 0) return toProvider(before);
    const [after] = await ctx.tx
      .update(identityProviders)
      .set(Object.fromEntries(values))
      .where(providerById(ctx, id))
      .returning();
    if (!after) throw ProviderErrors.NotFound();
    const isLessTrusted =
      !after.enabled ||
      after.issuer !== before.issuer ||
      (before.assuresTwoFactor && !after.assuresTwoFactor);
    if (isLessTrusted) await revokeSessions(ctx, { providerId: id });
    return toProvider(after);
  },
});
