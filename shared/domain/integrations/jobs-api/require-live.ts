import { type MemberContext, readTenant } from '@insightdesk/shared/context';

/** Jobs are not in the database, which is what knows whether the caller's session is live. */
export const requireLive = (ctx: MemberContext) => readTenant(ctx, () => Promise.resolve());
