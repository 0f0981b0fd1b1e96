import type { Context } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';

const NONE = fromUuid('org', '00000000-0000-0000-0000-000000000000');

/**
 * What concerns a person and no organisation is done and recorded under an id that no organisation
 * has: its events and letters go the way of all others.
 */
export const accountContext = (ctx: Context): Context & { tenantId: typeof NONE } => ({
  ...ctx,
  actor: { kind: 'system', name: 'accounts' },
  tenantId: NONE,
});
