import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { z } from 'zod';
import { requestAccountLink } from './account-links.ts';
import { accountContext } from './account-context.ts';

/** Has a link mailed to whoever has this address; looks at no account, so that nothing tells of one. */
export const requestPasswordReset = defineAction({
  summary: 'Ask for a new password by e-mail',
  input: z.strictObject({ email: email() }),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'anyone',
  async run(ctx, { email: address }) {
    await withTenant(accountContext(ctx), (tenant) =>
      requestAccountLink(tenant, { purpose: 'reset', email: address }),
    );
    return { accepted: true as const };
  },
});
