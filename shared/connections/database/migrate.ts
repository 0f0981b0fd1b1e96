import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as apply } from 'drizzle-orm/postgres-js/migrator';
import { connect } from './connect.ts';

const ADVISORY_LOCK = 7_305_118_402;
const LOCK_TIMEOUT_MS = 120_000;

/** Brings the schema up to date as its owner; of many callers at once, one works, all wait. */
export async function migrate({
  url,
  log = () => {},
}: {
  url: string;
  log?: (line: string) => void;
}): Promise<void> {
  const sql = connect(url, { timeoutMs: LOCK_TIMEOUT_MS });
  try {
    await sql.unsafe(`select pg_advisory_lock(${ADVISORY_LOCK})`);
    await sql.unsafe("set lock_timeout = '10s'");
    const before = await applied();
    await apply(drizzle(sql), { migrationsFolder: join(import.meta.dir, 'migrations') });
    log(`migrations: ${(await applied()) - before} applied, ${await applied()} in total`);
  } finally {
    await sql.end({ timeout: 5 });
  }

  async function applied(): Promise<number> {
    const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`;
    if (!table?.name) return 0;
    const [row] = await sql`select count(*)::int as count from drizzle.__drizzle_migrations`;
    return row?.count;
  }
}
