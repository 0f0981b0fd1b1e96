import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';

/** Statistics of the whole server, all clients together. */
export interface PostgresServerStats {
  connections: number;
  maxConnections: number;
  sizeBytes: number;
}

/** Reads the statistics of PostgreSQL itself. */
export async function loadPostgresStats(
  database: Pick<Database, 'read'>,
): Promise<PostgresServerStats> {
  const [row] = await database.read({}, (tx) =>
    tx
      .execute<{ connections: number; max: number; bytes: number }>(sql`select
        (select sum(numbackends)::int from pg_stat_database) as connections,
        current_setting('max_connections')::int as max,
        pg_database_size(current_database())::float8 as bytes`)
      .execute(),
  );
  if (!row) throw new Error('PostgreSQL returned no statistics');
  return { connections: row.connections, maxConnections: row.max, sizeBytes: row.bytes };
}

export interface ReplicationSlot {
  slot: string;
  isActive: boolean;
  lagBytes: number;
}

/** Physical replication slots that a replica has used, and the changes that it has not received. */
export async function loadReplicationSlots(
  database: Pick<Database, 'read'>,
): Promise<ReplicationSlot[]> {
  return database.read({}, (tx) =>
    tx
      .execute<{ slot: string; isActive: boolean; lagBytes: number }>(sql`
        select slot_name as slot, active as "isActive",
          pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 as "lagBytes"
        from pg_replication_slots
        where slot_type = 'physical' and not temporary and restart_lsn is not null`)
      .execute(),
  );
}
