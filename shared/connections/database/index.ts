/** PostgreSQL: pipelined tenant transactions, typed queries, keyset pages, migrations. */
export { createdAt, instant, tenantId, typeId } from './columns.ts';
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  type Scope,
  type SystemScope,
} from './database.ts';
export { sqlState, violatedConstraint } from './failures.ts';
export { migrate } from './migrate.ts';
export { decodeCursor, type Page, page, pageInput, pageOf } from './page.ts';
export { argument, prepared } from './prepared.ts';
export type { DatabaseStats } from './stats.ts';
export { type AfterCommit, afterCommit, connect, type Tx } from './wire.ts';
