import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listAccessEpochs, listLiveSessions } from '@insightdesk/shared/domain/identity/users';
import type { SessionRecords } from './session-records.ts';

/** Where login sessions are asked for. */
export interface SessionSource extends Pick<SessionRecords, 'list'> {
  /** How often somebody of each organisation came to be able to do less; none for never. */
  epochs(tenantIds: readonly Id<'org'>[]): Promise<Map<Id<'org'>, string>>;
}

/** The database. */
export const sessionsOf = (ctx: Context): SessionSource => ({
  list: (tenantId, sessionIds) => listLiveSessions(ctx, tenantId, sessionIds),
  epochs: (tenantIds) => listAccessEpochs(ctx, tenantIds),
});
