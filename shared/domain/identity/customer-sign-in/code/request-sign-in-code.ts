import { defineAction, email, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { lockUntilCommit, matches } from '@insightdesk/shared/database';
import { consumeDailyQuota, quotaKey } from '@insightdesk/shared/domain/identity/users';
import { record } from '@insightdesk/shared/events';
import { ipPrefix, newId } from '@insightdesk/shared/utils';
import { and } from 'drizzle-orm';
import { z } from 'zod';
import { signInCodeRequested } from '../events.ts';
import { findOrganizationWith } from '../find-organization.ts';
import { signInCodes } from '../tables.ts';
import { isLiveCode, VALIDITY_MINUTES } from './sign-in-code.ts';

const MAX_LIVE_CODES = 3;

/** Reads no contact: the response and its duration do not depend on whether the address is known. */
export const requestSignInCode = defineAction({
  summary: 'Request a sign-in code by email',
  input: z.strictObject({ organizationId: idSchema('org'), email: email() }),
  output: z.object({ accepted: z.literal(true) }).meta({ id: 'Accepted' }),
  allow: 'anyone',
  async run(ctx, { organizationId: tenantId, email: address }) {
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    await withTenant(anonymous, async (tenant) => {
      const isEnabled = await findOrganizationWith(tenant, 'emailCodeSignIn');
      if (!isEnabled || !(await mayCreate(tenant, address))) return;
      const id = newId('sic');
      const expiresAt = new Date(Date.now() + VALIDITY_MINUTES * 60_000);
      await tenant.tx.insert(signInCodes).values({ tenantId, id, address, expiresAt });
      await record(tenant, signInCodeRequested, { codeId: id });
    });
    return { accepted: true as const };
  },
});

/** Whether the address has room for another code, and no daily quota is used up; the narrowest comes first. */
async function mayCreate(ctx: TenantContext, address: string): Promise<boolean> {
  const { tx, tenantId, ip } = ctx;
  await lockUntilCommit(tx, `sign-in codes ${tenantId} ${address}`);
  const isOwn = matches(signInCodes, { tenantId, address });
  if ((await tx.$count(signInCodes, and(isOwn, isLiveCode))) >= MAX_LIVE_CODES) return false;
  const quotas: [subject: string, max: number][] = [
    [`${tenantId} ${address}`, 10],
    [address, 20],
    [`${tenantId} ${ipPrefix(ip ?? 'unknown')}`, 100],
    [tenantId, 5_000],
  ];
  for (const [subject, max] of quotas) {
    if (!(await consumeDailyQuota(ctx, quotaKey('sign-in-codes', subject), max))) return false;
  }
  return true;
}
