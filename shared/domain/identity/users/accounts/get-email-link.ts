import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { requireEmailLink } from './email-links.ts';

const purposes = ['verify', 'change', 'reset'] as const;

/** What the page of an emailed link shows. The emailed token proves access to the address. */
export const getEmailLink = defineAction({
  summary: 'Get what an emailed link is for',
  input: z.strictObject({ token: z.string().max(1000) }),
  output: z
    .object({
      purpose: z.enum(purposes),
      email: z.string(),
      expiresAt: z.iso.datetime(),
    })
    .meta({ id: 'EmailLink' }),
  allow: 'anyone',
  async run(ctx, { token }) {
    const { purpose, email, expiresAt } = await requireEmailLink(ctx, token, purposes);
    return { purpose, email, expiresAt: expiresAt.toISOString() };
  },
});
