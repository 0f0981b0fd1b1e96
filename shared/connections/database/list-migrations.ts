import { join } from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Sql } from 'postgres';
import journal from './migrations/meta/_journal.json';

export const MIGRATIONS_FOLDER = join(import.meta.dir, 'migrations');

/** One step of the schema, in the order of the journal. */
export interface Migration {
  name: string;
  /** When it was written, if the database has it. */
  at: Date | undefined;
  /**
   * `pending`: comes with the next `migrate`. `skipped`: never will, as a younger one is there.
   * `changed`: its file is not what was applied. `unknown`: of a newer release than this one.
   */
  state: 'applied' | 'pending' | 'skipped' | 'changed' | 'unknown';
  statements: string[];
}

/** Compares this release's migrations with what the database says it has. */
export async function listMigrations(sql: Sql): Promise<Migration[]> {
  const applied = await readApplied(sql);
  const newest = Math.max(0, ...applied.keys());
  const files = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
  const own = files.map(({ folderMillis: when, hash, sql: statements }, index): Migration => {
    const known = applied.get(when);
    const missing = when > newest ? 'pending' : 'skipped';
    const state = known === undefined ? missing : known === hash ? 'applied' : 'changed';
    const at = known === undefined ? undefined : new Date(when);
    return { name: journal.entries[index]?.tag ?? '', at, state, statements };
  });
  const times = new Set(files.map(({ folderMillis }) => folderMillis));
  const others = [...applied.keys()].filter((when) => !times.has(when));
  return [...own, ...others.map(ofAnotherRelease)];
}

const ofAnotherRelease = (when: number): Migration => {
  const at = new Date(when);
  return { name: `of ${at.toISOString()}`, at, state: 'unknown', statements: [] };
};

/** Hashes of what was applied, by the time it was written. */
async function readApplied(sql: Sql): Promise<Map<number, string>> {
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`;
  if (!table?.name) return new Map();
  const rows = await sql<{ hash: string; createdAt: string }[]>`
    select hash, created_at as "createdAt" from drizzle.__drizzle_migrations order by created_at`;
  return new Map(rows.map(({ hash, createdAt }) => [Number(createdAt), hash]));
}
