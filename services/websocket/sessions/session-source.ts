import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listAccessGenerations, listLiveSessions } from '@insightdesk/shared/domain/identity/users';

/** Where login sessions are looked up. */
export interface SessionSource {
  /** The sessions that are live, each with the authorization of its member now. */
  listLive(tenantId: Id<'org'>, sessionIds: readonly Id<'ses'>[]): Promise<Map<Id<'ses'>, string>>;
  /** How often access was revoked in each organisation; without those in which it never was. */
  listGenerations(tenantIds: readonly Id<'org'>[]): Promise<Map<Id<'org'>, string>>;
}

/** Looks sessions up in PostgreSQL. */
export const createSessionSource = (ctx: Context): SessionSource => ({
  listLive: (tenantId, sessionIds) => listLiveSessions(ctx, tenantId, sessionIds),
  listGenerations: (tenantIds) => listAccessGenerations(ctx, tenantIds),
});
