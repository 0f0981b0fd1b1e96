import { singleLine } from '@insightdesk/shared/context';
import { z } from 'zod';

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
