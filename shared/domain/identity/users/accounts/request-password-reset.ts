import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { z } from 'zod';
import { accountContext } from './account-context.ts';
import { requestEmailLink } from './email-links.ts';

/** Reads no account, so that the response does not reveal whether the address has one. */
export const requestPasswordReset = defineAction({
  summary: 'Request a password reset email',
  input: z.strictObject({ email: email() }),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'anyone',
  async run(ctx, { email: address }) {
    await withTenant(accountContext(ctx), (tenant) =>
      requestEmailLink(tenant, { purpose: 'reset', email: address }),
    );
    return { accepted: true as const };
  },
});
