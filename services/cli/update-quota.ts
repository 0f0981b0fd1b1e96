import { type QuotaName, quotaNames } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import {
  requireOrganization,
  updateQuota as storeQuota,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { operatorContext, recordAct, runAsOperator } from './operator.ts';

const isMetric = (word = ''): word is QuotaName => (quotaNames as readonly string[]).includes(word);

/** Sets a quota of an organization; 0 is unlimited. */
export async function updateQuota([tenantId, metric, text = '']: string[]): Promise<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (!isId('org', tenantId) || !isMetric(metric) || value === undefined) {
    console.error(
      `Usage: desk organizations quota <organization id> ${quotaNames.join('|')} <value, 0 for no limit>`,
    );
    return 2;
  }
  await runAsOperator(async (app) => {
    const ctx = operatorContext(app, tenantId);
    await requireOrganization(ctx);
    await recordAct(app, 'organizations quota', `${metric} ${value}`, tenantId);
    await storeQuota(ctx, { metric, value });
  });
  console.log(`${tenantId}: ${metric} quota set to ${value === 0 ? 'unlimited' : value}`);
  return 0;
}
