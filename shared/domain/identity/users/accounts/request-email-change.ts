import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { z } from 'zod';
import { confirmPassword } from './confirm-password.ts';
import { consumeAccountEmailQuota, requestEmailLink } from './email-links.ts';
import { currentPassword } from './password-fields.ts';

/** Emails a link to the new address, which becomes the account's when the link is used. */
export const requestEmailChange = defineAction({
  summary: "Request a change of the caller's email address",
  input: z.strictObject({ password: currentPassword, email: email() }),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, input.password);
    await withTenant(ctx, async (tenant) => {
      await consumeAccountEmailQuota(tenant, userId);
      await requestEmailLink(tenant, { purpose: 'change', userId, email: input.email });
    });
    return { accepted: true as const };
  },
});
