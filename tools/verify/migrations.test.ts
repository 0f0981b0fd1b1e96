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

test('the journal names every migration, in order, and each does something', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  expect(files.sort()).toEqual(tags.map((tag) => `${tag}.sql`));
  expect(tags.map((tag) => Number(tag.slice(0, 4)))).toEqual(journal.entries.map(({ idx }) => idx));
  const idle = files.filter((name) => /^(\s|--.*|SELECT 1;)*$/i.test(read(name)));
  expect(idle).toEqual([]);
});

// A database runs those that are younger than the last it ran: one of the future hides all after it.
test('times in the journal rise, and have been', () => {
  const times = journal.entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(Date.now());
});

test('the last snapshot is what the tables say, so that the next migration holds its own change only', async () => {
  expect(snapshots.at(-1)).toStartWith(tags.at(-1)?.slice(0, 4) ?? '?');
  const last = JSON.parse(read(`meta/${snapshots.at(-1)}`));
  const files = config.schema.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)]);
  const modules = await Promise.all(files.map((file) => import(join(root, file))));
  const now = generateDrizzleJson(Object.assign({}, ...modules), last.id);
  expect(await generateMigration(last, now)).toEqual([]);
});
