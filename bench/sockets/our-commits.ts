import type { Id } from '@insightdesk/shared/contract';
import { type Database, notifyAfterCommit, type Tx } from '@insightdesk/shared/database';
import { userEvents } from '@insightdesk/shared/domain/identity/users';
import { OUTBOX_CHANNEL, outbox, record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { now } from './child.ts';
import type { eventData } from './contender.ts';

const ROWS_AT_ONCE = 200;

/** Events by transactions, as actions record them; each tells from when it is timed. */
export function createCommits(database: Database, data: ReturnType<typeof eventData>) {
  const recordIn = (tx: Tx, tenantId: Id<'org'>) =>
    record({ tx, tenantId, requestId: 'bench' }, userEvents.memberJoined, data);

  return {
    /** One event, from the moment at which COMMIT is sent. */
    one: (tenantId: Id<'org'>): Promise<number> =>
      database.write({ tenantId }, async (tx) => {
        await recordIn(tx, tenantId);
        // What is written would leave together with COMMIT.
        await tx.execute('select 1');
        return now();
      }),

    /** One event, from before its transaction begins. */
    async whole(tenantId: Id<'org'>): Promise<number> {
      const startedAt = now();
      await database.write({ tenantId }, (tx) => recordIn(tx, tenantId));
      return startedAt;
    },

    /** A backlog, in transactions of some hundred rows, from the first BEGIN. */
    async many(tenantId: Id<'org'>, count: number): Promise<number> {
      const startedAt = now();
      const { name } = userEvents.memberJoined;
      for (let left = count; left > 0; left -= ROWS_AT_ONCE) {
        const rows = Array.from({ length: Math.min(left, ROWS_AT_ONCE) }, () => {
          return { tenantId, eventId: newId('evt'), name, payload: data, requestId: 'bench' };
        });
        await database.write({ tenantId }, (tx) => {
          notifyAfterCommit(tx, OUTBOX_CHANNEL);
          return tx.insert(outbox).values(rows);
        });
      }
      return startedAt;
    },
  };
}
