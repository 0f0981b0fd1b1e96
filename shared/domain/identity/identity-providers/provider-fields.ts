import { singleLine } from '@insightdesk/shared/context';
import { z } from 'zod';

const domain = z
  .string()
  .max(253)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i,
    'Give a domain such as example.com',
  )
  .transform((value) => value.toLowerCase());

/** What owners say of a provider. */
export const providerFields = {
  name: singleLine(100),
  issuer: z.url().max(500),
  clientId: singleLine(300),
  clientSecret: singleLine(1_000).describe('Kept encrypted, never shown'),
  allowedDomains: z
    .array(domain)
    .max(20)
    .describe(
      'Verified addresses of these link to members by themselves; others are linked by hand',
    ),
  assuresTwoFactor: z.boolean().describe('It asks for a second factor itself'),
  autoJoin: z
    .enum(['agent', 'customer'])
    .nullable()
    .describe(
      'What somebody new with a verified address of an allowed domain becomes by signing in, if TXT of _insightdesk.<domain> is insightdesk-organization=<id of the organisation>; null: invite first',
    ),
  enabled: z.boolean(),
};
