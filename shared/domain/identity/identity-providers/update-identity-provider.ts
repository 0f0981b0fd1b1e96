import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { revokeSessions } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';
import { providerFields } from './provider-fields.ts';
import { providerById, requireProvider } from './require-provider.ts';
import { identityProviders } from './tables.ts';
import { providerView, toProvider } from './view.ts';

/** Changes a provider; what it vouched for on other terms ends. */
export const updateIdentityProvider = defineAction({
  summary: 'Update an identity provider',
  input: z.strictObject({ id: idSchema('idp'), ...z.object(providerFields).partial().shape }),
  output: providerView,
  allow: 'providers:manage',
  transaction: 'write',
  async run(ctx, { id, clientSecret, ...wanted }) {
    const before = await requireProvider(ctx, id);
    if (wanted.issuer !== undefined) ctx.security.outbound.check(wanted.issuer);
    const secret =
      clientSecret && ctx.security.secrets.encrypt('oauth-client', clientSecret, ctx.tenantId);
    const given = Object.entries({ ...wanted, clientSecret: secret }).filter(
      ([, value]) => value !== undefined,
    );
    if (given.length === 0) return toProvider(before);
    const [after] = await ctx.tx
      .update(identityProviders)
      .set(Object.fromEntries(given))
      .where(providerById(ctx, id))
      .returning();
    if (!after) throw ProviderErrors.NotFound();
    const isLess =
      !after.enabled ||
      after.issuer !== before.issuer ||
      (before.assuresTwoFactor && !after.assuresTwoFactor);
    if (isLess) await revokeSessions(ctx, { providerId: id });
    return toProvider(after);
  },
});
