import { join } from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Sql } from 'postgres';
import journal from './migrations/meta/_journal.json';

export const MIGRATIONS_FOLDER = join(import.meta.dir, 'migrations');

/** One migration, in the order of the journal. */
export interface Migration {
  name: string;
  /** The time in the journal, if the database has it. */
  appliedAt: Date | undefined;
  /**
   * `pending`: the next `migrate` applies it. `skipped`: never, because a younger one was applied.
   * `changed`: its file differs from what was applied. `unknown`: of a newer release.
   */
  state: 'applied' | 'pending' | 'skipped' | 'changed' | 'unknown';
  statements: string[];
}

/** Compares this release's migrations with those that the database records. */
export async function listMigrations(sql: Sql): Promise<Migration[]> {
  const applied = await selectApplied(sql);
  const newest = Math.max(0, ...applied.keys());
  const files = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
  const own = files.map(({ folderMillis: when, hash, sql: statements }, index): Migration => {
    const known = applied.get(when);
    const missing = when > newest ? 'pending' : 'skipped';
    const state = known === undefined ? missing : known === hash ? 'applied' : 'changed';
    const appliedAt = known === undefined ? undefined : new Date(when);
    return { name: journal.entries[index]?.tag ?? '', appliedAt, state, statements };
  });
  const times = new Set(files.map(({ folderMillis }) => folderMillis));
  const others = [...applied.keys()].filter((when) => !times.has(when));
  return [...own, ...others.map(toUnknown)];
}

const toUnknown = (when: number): Migration => {
  const appliedAt = new Date(when);
  return { name: `of ${appliedAt.toISOString()}`, appliedAt, state: 'unknown', statements: [] };
};

/** Hashes of the applied migrations, by their time in the journal. */
async function selectApplied(sql: Sql): Promise<Map<number, string>> {
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`;
  if (!table?.name) return new Map();
  const rows = await sql<{ hash: string; createdAt: string }[]>`
    select hash, created_at as "createdAt" from drizzle.__drizzle_migrations order by created_at`;
  return new Map(rows.map(({ hash, createdAt }) => [Number(createdAt), hash]));
}
