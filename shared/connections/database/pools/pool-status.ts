import type { Connection } from '../connection.ts';
import type { ExclusivePool } from './exclusive-pool.ts';

/** The connections for one purpose, at this moment. */
export interface PoolStatus {
  readonly name: 'reads' | 'writes' | 'heavy reads' | 'system';
  /** Connections that there may be. */
  readonly size: number;
  /** Connections to the server. */
  readonly open: number;
  /** Connections with work. */
  readonly busy: number;
  /** Callers that wait for a connection of their own. */
  readonly waiting: number;
}

interface OwnPool extends PoolStatus {
  readonly connections: readonly Connection[];
}

/** Closes all connections; work in progress may take this long. */
export async function closePools(pools: readonly OwnPool[], timeoutMs: number): Promise<void> {
  const connections = pools.flatMap((pool) => pool.connections);
  await Promise.all(connections.map(({ pipeline }) => pipeline.end(timeoutMs)));
}

/** Without `pool` the connections are shared: no caller waits for one. */
export function createPoolStatus(
  name: PoolStatus['name'],
  connections: readonly Connection[],
  pool?: Pick<ExclusivePool, 'inUse' | 'waiting'>,
): OwnPool {
  const count = (matches: (connection: Connection) => boolean) =>
    connections.filter(matches).length;
  return {
    name,
    connections,
    size: connections.length,
    get open() {
      return count(({ pipeline }) => pipeline.isOpen);
    },
    get busy() {
      return pool?.inUse ?? count(({ pipeline }) => pipeline.waiting > 0);
    },
    get waiting() {
      return pool?.waiting ?? 0;
    },
  };
}
