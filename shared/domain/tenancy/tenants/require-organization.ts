import { type Context, withTenant } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';
import { organizations } from './tables.ts';

/** The context's organization; throws 404. */
export async function requireOrganization(ctx: Context) {
  const [row] = await withTenant(ctx, ({ tx, tenantId }) =>
    tx.select().from(organizations).where(eq(organizations.id, tenantId)),
  );
  if (!row) throw TenantErrors.NotFound();
  return row;
}

/** The context's organization; throws 404, and 403 while it is disabled. */
export async function requireEnabledOrganization(ctx: Context) {
  const organization = await requireOrganization(ctx);
  if (organization.disabledAt) throw TenantErrors.Disabled();
  return organization;
}
