import { type MemberContext, readTenant } from '@insightdesk/shared/context';

/** Checks the caller's session in the database, since reading jobs does not access it. */
export const requireLiveSession = (ctx: MemberContext) => readTenant(ctx, () => Promise.resolve());
