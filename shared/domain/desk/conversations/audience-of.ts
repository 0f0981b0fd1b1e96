import type { MemberTenantContext } from '@insightdesk/shared/context';
import { selectStaffNaming, TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import type { Audience } from './view.ts';

/** The audience that the caller belongs to; read together with the other statements. */
export async function audienceOf({ tx, tenantId, actor }: MemberTenantContext): Promise<Audience> {
  if (actor.role !== 'customer') return 'staff';
  const [row] = await selectStaffNaming(tx, { id: tenantId });
  if (!row) throw TenantErrors.NotFound();
  return row.naming;
}
