import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { listAuditedOrganizations } from './list-audited-organizations.ts';
import { verifyAudit } from './verify-audit.ts';

/**
 * Verifies the chains of all organizations, one after the other, and counts the outcomes, which an
 * alert watches. Returns the number of broken chains; each is logged with its first error.
 */
export async function verifyAllAudits(
  ctx: Pick<Context, 'database' | 'log' | 'outcomes'>,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<number> {
  let broken = 0;
  for await (const organizationId of listAuditedOrganizations(ctx)) {
    signal.throwIfAborted();
    const { error } = await verifyAudit(ctx, organizationId);
    ctx.outcomes.count('audit_verifications_total', error ? 'broken' : 'intact');
    if (!error) continue;
    broken++;
    ctx.log.error({ organizationId, reason: error }, 'audit: chain is broken');
  }
  return broken;
}
