import type { QuotaName, TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

type Quotas = Pick<TenantContext['limits'], 'quotas' | 'unverifiedQuotas'>;

/** The default quota of the transaction's tenant, which is smaller until an owner has a verified address. */
export const defaultQuota = ({ quotas, unverifiedQuotas }: Quotas, name: QuotaName) =>
  sql`case when app.has_verified_owner(app.tenant_id())
    then ${quotas[name]}::bigint else ${unverifiedQuotas[name]}::bigint end`;

/** The quota of the transaction's tenant: its own one, or the default. */
export const tenantQuota = (limits: Quotas, name: QuotaName) =>
  sql`app.quota(app.tenant_id(), ${name}, ${defaultQuota(limits, name)})`;
