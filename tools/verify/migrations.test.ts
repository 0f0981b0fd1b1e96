import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { root } from './run.ts';

const { default: config } = (await import(
  join(root, 'shared/connections/database/drizzle.config.ts')
)) as { default: { out: string; schema: string[] } };
const folder = join(root, config.out);
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const journal = JSON.parse(read('meta/_journal.json')) as {
  entries: { idx: number; when: number; tag: string }[];
};
const tags = journal.entries.map(({ tag }) => tag);
const snapshots = readdirSync(join(folder, 'meta'))
  .filter((name) => name.endsWith('_snapshot.json'))
  .sort();

const tables = /CREATE TABLE (?:IF NOT EXISTS )?("?\w+"?(?:\."?\w+"?)?) \(([\s\S]*?)\n\)/gi;

/** Tables with a tenant_id that the migration creates without app.protect. */
function listUnprotected(migration: string): string[] {
  return [...migration.matchAll(tables)]
    .map(([, name = '', columns = '']) => ({ name: name.replaceAll('"', ''), columns }))
    .filter(({ name, columns }) => !/^(app|identity)\./.test(name) && /\btenant_id\b/.test(columns))
    .map(({ name }) => name.replace(/^public\./, ''))
    .filter((name) => !migration.includes(`app.protect('${name}')`));
}

test('the journal lists every migration in order, and none is empty', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  expect(files.sort()).toEqual(tags.map((tag) => `${tag}.sql`));
  expect(tags.map((tag) => Number(tag.slice(0, 4)))).toEqual(journal.entries.map(({ idx }) => idx));
  const empty = files.filter((name) => /^(\s|--.*|SELECT 1;)*$/i.test(read(name)));
  expect(empty).toEqual([]);
});

// A database applies only migrations that are newer than its last one: one in the future would hide later ones.
test('times in the journal increase and are in the past', () => {
  const times = journal.entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(Date.now());
});

test.each(tags)('%s: app.protect is called for every table with a tenant_id', (tag) => {
  expect(listUnprotected(read(`${tag}.sql`))).toEqual([]);
});

test.each([
  ['"tenant_id" uuid NOT NULL', `SELECT app.protect('others');`, ['notes']],
  ['"tenant_id" uuid NOT NULL', `SELECT app.protect('others'), app.protect('notes');`, []],
  ['"user_id" uuid NOT NULL', '', []],
])('listUnprotected: column %s, then %p: %p', (column, rest, unprotected) => {
  const create = `CREATE TABLE "notes" (\n\t${column},\n\t"body" text\n);`;
  expect(listUnprotected(`${create}\n--> statement-breakpoint\n${rest}`)).toEqual(unprotected);
});

test('the last snapshot equals the table definitions', async () => {
  expect(snapshots.at(-1)).toStartWith(tags.at(-1)?.slice(0, 4) ?? '?');
  const last = JSON.parse(read(`meta/${snapshots.at(-1)}`));
  const files = config.schema.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)]);
  const modules = await Promise.all(files.map((file) => import(join(root, file))));
  const current = generateDrizzleJson(Object.assign({}, ...modules), last.id);
  expect(await generateMigration(last, current)).toEqual([]);
});
