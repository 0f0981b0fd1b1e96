import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { statement } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { settingChanges, toSettings } from './settings.ts';
import { organizations } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

const selectOrganization = statement({ id: organizations.id }, ({ id }, q) =>
  q.select().from(organizations).where(eq(organizations.id, id)),
);

/** The organization of the caller; its settings are for staff only. */
export const getOrganization = defineAction({
  summary: 'Get the organization; only staff gets its settings',
  input: z.strictObject({}),
  output: z
    .object({ ...organizationView.shape, ...settingChanges })
    .meta({ id: 'VisibleOrganization' }),
  allow: 'account:read',
  allowsProviderSession: true,
  transaction: 'read',
  async run({ tx, tenantId, actor }) {
    const [row] = await selectOrganization(tx, { id: tenantId });
    if (!row) throw TenantErrors.NotFound();
    return { ...toOrganization(row), ...(actor.role !== 'customer' && toSettings(row)) };
  },
});

const selectAllowsReopening = statement({ id: organizations.id }, ({ id }, q) =>
  q
    .select({ allowReopening: organizations.allowReopening })
    .from(organizations)
    .where(eq(organizations.id, id)),
);

/** Whether closed conversations of the organization can be opened again. */
export async function allowsReopening({
  tx,
  tenantId,
}: Pick<TenantContext, 'tx' | 'tenantId'>): Promise<boolean> {
  const [row] = await selectAllowsReopening(tx, { id: tenantId });
  return row?.allowReopening ?? false;
}
