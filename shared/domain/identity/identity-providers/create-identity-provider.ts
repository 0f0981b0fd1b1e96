import { defineAction } from '@insightdesk/shared/context';
import { newId } from '@insightdesk/shared/utils';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';
import { providerFields } from './provider-fields.ts';
import { identityProviders } from './tables.ts';
import { providerView, toProvider } from './view.ts';

const MAX_PROVIDERS = 10;

export const createIdentityProvider = defineAction({
  summary: 'Create an identity provider',
  input: z.strictObject({
    ...providerFields,
    allowedDomains: providerFields.allowedDomains.default([]),
    assuresTwoFactor: providerFields.assuresTwoFactor.default(false),
    autoJoin: providerFields.autoJoin.default(null),
    enabled: providerFields.enabled.default(true),
  }),
  output: providerView,
  allow: 'providers:manage',
  transaction: 'write',
  async run({ tx, tenantId, security: { safeFetch, encryption } }, input) {
    safeFetch.check(input.issuer);
    // Serializes concurrent creation.
    await tx.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`providers ${tenantId}`}, 0))`,
    );
    const existing = await tx.$count(identityProviders, eq(identityProviders.tenantId, tenantId));
    if (existing >= MAX_PROVIDERS) throw ProviderErrors.TooMany(MAX_PROVIDERS);
    const clientSecret = encryption.encrypt('oauth-client', input.clientSecret, tenantId);
    const [provider] = await tx
      .insert(identityProviders)
      .values({ ...input, tenantId, id: newId('idp'), clientSecret })
      .returning();
    if (!provider) throw ProviderErrors.NotFound();
    return toProvider(provider);
  },
});
