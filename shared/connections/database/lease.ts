import { UnavailableError } from '@insightdesk/shared/errors';
import type { QueryStats } from './stats.ts';
import type { Connection } from './tx.ts';

/** Connections of which each is one caller's at a time. */
export interface Lease {
  /** Throws UnavailableError when none becomes free in time. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** How many are in use. */
  readonly taken: number;
  /** How many wait for one. */
  readonly waiting: number;
  /** How long the first in line has been waiting; 0 when nobody is. */
  readonly oldestWaitMs: number;
}

interface Waiting {
  take: (connection: Connection) => void;
  startedAt: number;
}

/** Lends connections in the order in which they are asked for. */
export function createLease(
  connections: readonly Connection[],
  timeoutMs: number,
  stats: QueryStats,
): Lease {
  const idle = [...connections];
  const waiting: Waiting[] = [];

  function release(connection: Connection) {
    const next = waiting.shift();
    if (next) next.take(connection);
    else idle.push(connection);
  }

  function acquire() {
    const connection = idle.pop();
    if (connection) return connection;
    const startedAt = performance.now();
    return new Promise<Connection>((resolve, reject) => {
      const take = (free: Connection) => {
        clearTimeout(timer);
        stats.wait(performance.now() - startedAt);
        resolve(free);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(one), 1);
        reject(new UnavailableError('No database connection became free in time'));
      }, timeoutMs);
      const one = { take, startedAt };
      waiting.push(one);
    });
  }

  return {
    async use(work) {
      const connection = await acquire();
      try {
        return await work(connection);
      } finally {
        release(connection);
      }
    },
    get oldestWaitMs() {
      const [first] = waiting;
      return first ? performance.now() - first.startedAt : 0;
    },
    get waiting() {
      return waiting.length;
    },
    get taken() {
      return connections.length - idle.length;
    },
  };
}
