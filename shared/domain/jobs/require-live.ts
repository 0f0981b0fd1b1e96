import { type MemberContext, readTenant, withTenant } from '@insightdesk/shared/context';

/** Jobs are not in the database, which is what knows whether the caller's session is live. */
export const requireLive = (ctx: MemberContext) =>
  // A request that is to be done once is written down, though what it does is not.
  (ctx.once ? withTenant : readTenant)(ctx, () => Promise.resolve());
