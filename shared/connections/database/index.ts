/** PostgreSQL: pipelined tenant transactions, typed queries, keyset pages, migrations. */
export { createdAt, instant, tenantId, typeId } from './columns.ts';
export { connect } from './connect.ts';
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  type ReadOptions,
  type SystemScope,
} from './database.ts';
export type { Scope } from './enter.ts';
export { sqlState, violatedConstraint } from './failures.ts';
export type { Migration } from './list-migrations.ts';
export { createListener, type Listener, type Listening } from './listen.ts';
export { type MigrateOptions, migrate, readMigrations } from './migrate.ts';
export { decodeCursor, integerKey, type Page, page, pageInput, pageOf, perSize } from './page.ts';
export type { Pool } from './pools.ts';
export { readServer } from './read-server.ts';
export { statement } from './statement.ts';
export type { DatabaseStats } from './stats.ts';
export { noteStatement, tracedDatabase } from './traced-database.ts';
export { type AfterCommit, afterCommit, notifyAfterCommit, type Tx, withCommit } from './tx.ts';
