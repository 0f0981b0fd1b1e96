import { UnavailableError } from '@insightdesk/shared/errors';
import type { Connection } from '../connection.ts';
import type { QueryStats } from '../stats.ts';

/** Connections that one caller at a time uses. */
export interface ExclusivePool {
  /** Throws UnavailableError when no connection becomes free in time. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Connections in use. */
  readonly inUse: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** How long the first of them has been waiting; 0 without any. */
  readonly oldestWaitMs: number;
}

interface Waiter {
  resolve: (connection: Connection) => void;
  startedAt: number;
}

/** Lends connections in the order of the requests. */
export function createExclusivePool(
  connections: readonly Connection[],
  timeoutMs: number,
  stats: QueryStats,
): ExclusivePool {
  const idle = [...connections];
  const waiters: Waiter[] = [];

  function release(connection: Connection) {
    const next = waiters.shift();
    if (next) next.resolve(connection);
    else idle.push(connection);
  }

  function acquire() {
    const connection = idle.pop();
    if (connection) return connection;
    const startedAt = performance.now();
    return new Promise<Connection>((resolve, reject) => {
      const waiter: Waiter = {
        startedAt,
        resolve(free) {
          clearTimeout(timer);
          stats.wait(performance.now() - startedAt);
          resolve(free);
        },
      };
      const timer = setTimeout(() => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(new UnavailableError('No database connection became free in time'));
      }, timeoutMs);
      waiters.push(waiter);
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
      const [first] = waiters;
      return first ? performance.now() - first.startedAt : 0;
    },
    get waiting() {
      return waiters.length;
    },
    get inUse() {
      return connections.length - idle.length;
    },
  };
}
