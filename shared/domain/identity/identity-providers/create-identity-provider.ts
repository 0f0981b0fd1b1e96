import { defineAction, singleLine } from '@insightdesk/shared/context';
import { requireCapacity } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';
import { identityProviders } from './tables.ts';
import { providerView, toProvider } from './view.ts';

const domain = z
  .string()
  .max(253)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i,
    'Must be a domain such as example.com',
  )
  .transform((value) => value.toLowerCase());

export const providerFields = {
  name: singleLine(100),
  issuer: z.url().max(500),
  clientId: singleLine(300),
  clientSecret: singleLine(1_000).describe('Stored encrypted, never returned'),
  allowedDomains: z
    .array(domain)
    .max(20)
    .describe('Verified addresses of these domains are linked to members automatically'),
  assuresTwoFactor: z.boolean().describe('The provider requires a second factor itself'),
  autoJoin: z
    .enum(['agent', 'customer'])
    .nullable()
    .describe(
      'Role of new users with a verified address of an allowed domain, if the TXT record of _insightdesk.<domain> is insightdesk-organization=<organization id>; null: only invited users',
    ),
  enabled: z.boolean(),
};

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
  async run(ctx, input) {
    const { tx, tenantId, security } = ctx;
    security.safeFetch.check(input.issuer);
    const capacity = { max: MAX_PROVIDERS, tooMany: ProviderErrors.TooMany };
    await requireCapacity(ctx, identityProviders, capacity);
    const clientSecret = security.encryption.encrypt('oauth-client', input.clientSecret, tenantId);
    const [provider] = await tx
      .insert(identityProviders)
      .values({ ...input, tenantId, id: newId('idp'), clientSecret })
      .returning();
    if (!provider) throw ProviderErrors.NotFound();
    return toProvider(provider);
  },
});
