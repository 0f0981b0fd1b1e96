import type { Context } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';

const NO_TENANT_ID = fromUuid('org', '00000000-0000-0000-0000-000000000000');

/**
 * The context of changes to a user that belong to no organization. Their events are recorded under a
 * tenant id that no organization has, and are dispatched like all others.
 */
export const accountContext = (ctx: Context): Context & { tenantId: typeof NO_TENANT_ID } => ({
  ...ctx,
  actor: { kind: 'system', name: 'accounts' },
  tenantId: NO_TENANT_ID,
});
