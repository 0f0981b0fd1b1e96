import type { Id } from '@insightdesk/shared/contract';
import { type Database, notifyAfterCommit, type Tx } from '@insightdesk/shared/database';
import { userEvents } from '@insightdesk/shared/domain/identity/users';
import { OUTBOX_CHANNEL, outbox, record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { now } from './child.ts';
import type { createEventData } from './contender.ts';

const ROWS_PER_TRANSACTION = 200;

/** Publishes events by transactions, as actions do. Each function returns the time from which latency is measured. */
export function createEventPublisher(database: Database, data: ReturnType<typeof createEventData>) {
  const recordIn = (tx: Tx, tenantId: Id<'org'>) =>
    record({ tx, tenantId, requestId: 'bench' }, userEvents.memberJoined, data);

  return {
    /** One event; measured from COMMIT. */
    publishOne: (tenantId: Id<'org'>): Promise<number> =>
      database.write({ tenantId }, async (tx) => {
        await recordIn(tx, tenantId);
        // Otherwise the insert would be sent together with COMMIT.
        await tx.execute('select 1');
        return now();
      }),

    /** One event; measured from the start of its transaction. */
    async publishInTransaction(tenantId: Id<'org'>): Promise<number> {
      const startedAt = now();
      await database.write({ tenantId }, (tx) => recordIn(tx, tenantId));
      return startedAt;
    },

    /** Many events in transactions of some hundred rows; measured from the first BEGIN. */
    async publishMany(tenantId: Id<'org'>, count: number): Promise<number> {
      const startedAt = now();
      const { name } = userEvents.memberJoined;
      for (let left = count; left > 0; left -= ROWS_PER_TRANSACTION) {
        const rows = Array.from({ length: Math.min(left, ROWS_PER_TRANSACTION) }, () => {
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
