import type { Lease } from './lease.ts';
import type { Connection } from './tx.ts';

/** The connections for one purpose; figures are of now. */
export interface Pool {
  readonly name: 'reads' | 'writes' | 'heavy reads' | 'system';
  /** How many there may be. */
  readonly size: number;
  /** How many the server has. */
  readonly open: number;
  /** How many have something to do. */
  readonly busy: number;
  /** How many wait for one of their own. */
  readonly waiting: number;
}

interface OwnPool extends Pool {
  readonly connections: readonly Connection[];
}

/** Lets all finish what is under way, for so long at most. */
export async function endAll(pools: readonly OwnPool[], timeoutMs: number): Promise<void> {
  const connections = pools.flatMap((pool) => pool.connections);
  await Promise.all(connections.map(({ pipeline }) => pipeline.end(timeoutMs)));
}

/** Those that are not lent are shared, and nobody waits for them. */
export function poolOf(
  name: Pool['name'],
  connections: readonly Connection[],
  lease?: Pick<Lease, 'taken' | 'waiting'>,
): OwnPool {
  const count = (is: (connection: Connection) => boolean) => connections.filter(is).length;
  return {
    name,
    connections,
    size: connections.length,
    get open() {
      return count(({ pipeline }) => pipeline.isOpen);
    },
    get busy() {
      return lease?.taken ?? count(({ pipeline }) => pipeline.waiting > 0);
    },
    get waiting() {
      return lease?.waiting ?? 0;
    },
  };
}
