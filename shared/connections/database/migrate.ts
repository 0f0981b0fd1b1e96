import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as apply } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';
import { connect } from './connect.ts';
import { sqlState } from './failures.ts';
import { listMigrations, MIGRATIONS_FOLDER } from './list-migrations.ts';

const ADVISORY_LOCK = 7_305_118_402;
/** For another one that migrates, and for each statement. */
const TURN_TIMEOUT_MS = 120_000;
const LOCK_TIMEOUT_MS = 10_000;
/** While it waits for a table, all that comes after waits behind it: it gives way, and asks again. */
const WAIT_MS = 500;

export interface MigrateOptions {
  /** The URL of the schema's owner. */
  url: string;
  log?: (line: string) => void;
  /** How long it tries to get a table that others use; 10 s. */
  lockTimeoutMs?: number;
}

/**
 * Brings the schema up to date as its owner, all or nothing; of many callers at once, one works, all
 * wait. Gives how many migrations it applied. Throws an error that says so when others hold a lock.
 */
export async function migrate({
  url,
  log = () => {},
  lockTimeoutMs = LOCK_TIMEOUT_MS,
}: MigrateOptions): Promise<number> {
  const sql = connect(url, { timeoutMs: TURN_TIMEOUT_MS });
  const applied = async () => (await listMigrations(sql)).filter(({ at }) => at).length;
  try {
    await sql.unsafe(`select pg_advisory_lock(${ADVISORY_LOCK})`);
    await sql.unsafe(`set lock_timeout = ${WAIT_MS}`);
    const before = await applied();
    await applyInTime(sql, lockTimeoutMs);
    const total = await applied();
    log(`migrations: ${total - before} applied, ${total} in total`);
    return total - before;
  } catch (error) {
    if (!isHeldByOthers(error)) throw error;
    const seconds = lockTimeoutMs / 1000;
    const what = `Something holds a table for longer than ${seconds} s; nothing was changed`;
    throw new Error(`${what}. End the long transaction, or try again when less is going on`, {
      cause: error,
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function applyInTime(sql: Sql, lockTimeoutMs: number): Promise<void> {
  const deadline = performance.now() + lockTimeoutMs;
  for (;;) {
    try {
      return await apply(drizzle(sql), { migrationsFolder: MIGRATIONS_FOLDER });
    } catch (error) {
      if (!isHeldByOthers(error) || performance.now() > deadline) throw error;
      await Bun.sleep(WAIT_MS);
    }
  }
}

const isHeldByOthers = (error: unknown) => sqlState(error) === '55P03';

/** What `migrate` has done and would do; changes nothing. `url` as for `migrate`. */
export async function readMigrations(url: string, timeoutMs = 10_000) {
  const sql = connect(url, { timeoutMs });
  try {
    return await listMigrations(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
