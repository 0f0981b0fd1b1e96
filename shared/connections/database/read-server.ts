import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';

/** Of the server as a whole, whoever uses it. */
export interface ServerFigures {
  connections: number;
  maxConnections: number;
  sizeBytes: number;
}

/** Asks PostgreSQL about itself. */
export async function readServer(database: Pick<Database, 'read'>): Promise<ServerFigures> {
  const [row] = await database.read({}, (tx) =>
    tx
      .execute<{ connections: number; most: number; bytes: number }>(sql`select
        (select sum(numbackends)::int from pg_stat_database) as connections,
        current_setting('max_connections')::int as most,
        pg_database_size(current_database())::float8 as bytes`)
      .execute(),
  );
  if (!row) throw new Error('PostgreSQL says nothing of itself');
  return { connections: row.connections, maxConnections: row.most, sizeBytes: row.bytes };
}
