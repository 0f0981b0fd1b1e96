import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { keyOverlapEnded } from './events.ts';

/** The old secret has run out by itself; this closes the sockets that were opened by it. */
export const endOverlap = (ctx: Context, key: { keyId: Id<'key'>; userId: Id<'usr'> }) =>
  withTenant(ctx, (tenant) => record(tenant, keyOverlapEnded, key));
