import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listOwners } from '@insightdesk/shared/domain/identity/users';
import { requireOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { readUsage } from '@insightdesk/shared/domain/tenancy/usage';

/** The name, state, owners, usage and quotas of an organization. */
export async function showOrganization(ctx: Context & { tenantId: Id<'org'> }): Promise<string> {
  const organization = await requireOrganization(ctx);
  const owners = await withTenant(ctx, listOwners);
  const { quotas } = await readUsage(ctx);
  const { createdAt, disabledAt, deleteAt, requireTwoFactor, conversationCount } = organization;
  const rows: [string, string | undefined][] = [
    ['created', createdAt.toISOString()],
    ['disabled', disabledAt?.toISOString()],
    ['deletion scheduled', deleteAt?.toISOString()],
    ['two-factor required', requireTwoFactor ? 'yes' : undefined],
    ['conversations', String(conversationCount)],
    ...owners.map(({ id, email, emailVerifiedAt }): [string, string] => [
      'owner',
      `${id}  ${email}${emailVerifiedAt ? '' : ' (unverified)'}`,
    ]),
    ...quotas.map(({ name, value, limit }): [string, string] => [
      name,
      `${value} of ${limit ?? 'unlimited'}`,
    ]),
  ];
  const lines = rows.flatMap(([name, value]) => (value ? [`  ${name.padEnd(22)}${value}`] : []));
  return [organization.name, ...lines].join('\n');
}
