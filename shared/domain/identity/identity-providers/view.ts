import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { ProviderRow } from './tables.ts';

export const providerView = z
  .object({
    id: idSchema('idp'),
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    allowedDomains: z.array(z.string()),
    assuresTwoFactor: z.boolean(),
    autoJoin: z.enum(['agent', 'customer']).nullable(),
    enabled: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'IdentityProvider' });

/** A provider without its client secret. */
export const toProvider = (row: ProviderRow) => ({
  id: row.id,
  name: row.name,
  issuer: row.issuer,
  clientId: row.clientId,
  allowedDomains: row.allowedDomains,
  assuresTwoFactor: row.assuresTwoFactor,
  autoJoin: row.autoJoin,
  enabled: row.enabled,
  createdAt: row.createdAt.toISOString(),
});
