/** PostgreSQL: pipelined tenant transactions, typed queries, keyset pages, migrations. */
export { createdAt, instant, tenantId, typeId } from './columns.ts';
export { connect } from './connect.ts';
export { afterCommit, notifyAfterCommit, type Tx, withCommit } from './connection.ts';
export { createListener, type Listener, type ListenerOptions } from './create-listener.ts';
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  type ReadOptions,
} from './database.ts';
export { onViolation, sqlState, violatedConstraint } from './database-errors.ts';
export type { Migration } from './list-migrations.ts';
export { loadPostgresStats, loadReplicationSlots } from './load-server-stats.ts';
export { contains, matches } from './matches.ts';
export { loadMigrations, migrate } from './migrate.ts';
export { decodeCursor, integerKey, pageInput, pageSchema, perPageSize, toPage } from './page.ts';
export type { PoolStatus } from './pools/pool-status.ts';
export { readPages } from './read-pages.ts';
export { lockUntilCommit, requireCapacity } from './require-capacity.ts';
export { statement } from './statement.ts';
export type { DatabaseStats } from './stats.ts';
export { recordStatement, tracedDatabase } from './traced-database.ts';
export type { Scope } from './transaction-scope.ts';
