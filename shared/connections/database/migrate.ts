import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as apply } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';
import { connect } from './connect.ts';
import { sqlState } from './database-errors.ts';
import { listMigrations, MIGRATIONS_FOLDER } from './list-migrations.ts';

const ADVISORY_LOCK = 7_305_118_402;
/** For a concurrent migration, and for each statement. */
const STATEMENT_TIMEOUT_MS = 120_000;
const DEFAULT_LOCK_TIMEOUT_MS = 10_000;
/** While it waits for a table lock, later statements wait behind it: it gives up this soon, and tries again. */
const LOCK_ATTEMPT_MS = 500;

export interface MigrateOptions {
  /** The URL of the schema's owner. */
  url: string;
  log?: (line: string) => void;
  /** How long it tries to lock a table that others use; 10 s. */
  lockTimeoutMs?: number;
}

/**
 * Applies pending migrations as the schema's owner, in one transaction; concurrent callers wait for
 * each other. Returns how many it applied. Throws when another transaction holds a lock for too long.
 */
export async function migrate({
  url,
  log = () => {},
  lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS,
}: MigrateOptions): Promise<number> {
  const sql = connect(url, { timeoutMs: STATEMENT_TIMEOUT_MS });
  const countApplied = async () =>
    (await listMigrations(sql)).filter(({ appliedAt }) => appliedAt).length;
  try {
    await sql.unsafe(`select pg_advisory_lock(${ADVISORY_LOCK})`);
    await sql.unsafe(`set lock_timeout = ${LOCK_ATTEMPT_MS}`);
    const before = await countApplied();
    await applyWithin(sql, lockTimeoutMs);
    const total = await countApplied();
    log(`migrations: ${total - before} applied, ${total} in total`);
    return total - before;
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    const seconds = lockTimeoutMs / 1000;
    const message = `Timed out after ${seconds} s waiting for a table lock; nothing was changed`;
    throw new Error(`${message}. End the long transaction, or try again later`, { cause: error });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function applyWithin(sql: Sql, lockTimeoutMs: number): Promise<void> {
  const deadline = performance.now() + lockTimeoutMs;
  for (;;) {
    try {
      return await apply(drizzle(sql), { migrationsFolder: MIGRATIONS_FOLDER });
    } catch (error) {
      if (!isLockTimeout(error) || performance.now() > deadline) throw error;
      await Bun.sleep(LOCK_ATTEMPT_MS);
    }
  }
}

const isLockTimeout = (error: unknown) => sqlState(error) === '55P03';

/** Lists what `migrate` has applied and would apply. `url` as for `migrate`. */
export async function loadMigrations(url: string, timeoutMs = 10_000) {
  const sql = connect(url, { timeoutMs });
  try {
    return await listMigrations(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
