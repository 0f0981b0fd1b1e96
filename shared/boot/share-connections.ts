import type { Config, ServiceName } from '@insightdesk/shared/config';

/** Connections of one process to PostgreSQL, by use; together at most DATABASE_POOL_MAX. */
export interface ConnectionShares {
  /** For LISTEN, the relay and its sinks: opened one by one. */
  single: number;
  /** Of the relay's role, for writes of the system. */
  systemWriters: number;
  identity: { readers: number; writers: number };
  heavyReaders: number;
  readers: number;
  writers: number;
}

/** The worker's: the relay, its LISTEN and its two sinks; the WebSocket service listens for access. */
const single: Record<ServiceName, number> = { api: 0, websocket: 1, worker: 4, desk: 1 };

/** Divides the connections of a process; what no other use has is for writes. */
export function shareConnections(
  service: ServiceName,
  { maxConnections, heavy }: Pick<Config['database'], 'maxConnections' | 'heavy'>,
): ConnectionShares {
  const upTo = (count: number, share: number) =>
    Math.max(1, Math.min(count, Math.floor(maxConnections * share)));
  const hasIdentity = service === 'api' || service === 'desk';
  const hasSystem = service === 'worker' || service === 'desk';
  const shares = {
    single: single[service],
    systemWriters: hasSystem ? upTo(2, 1 / 8) : 0,
    // Logins are few, and most of their time is password hashing.
    identity: hasIdentity ? { readers: 1, writers: upTo(4, 1 / 5) } : { readers: 0, writers: 0 },
    // Only the API searches.
    heavyReaders: service === 'api' ? upTo(heavy.connections, 1 / 8) : 1,
    readers: upTo(2, 1 / 8),
  };
  const { single: one, systemWriters, identity, heavyReaders, readers } = shares;
  const used = one + systemWriters + identity.readers + identity.writers + heavyReaders + readers;
  return { ...shares, writers: maxConnections - used };
}
