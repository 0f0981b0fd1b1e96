import { expect, test } from 'bun:test';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgres, requirePostgres } from './postgres-files.ts';

test('PostgreSQL in the cache has no links into the clone that prepared it', async () => {
  await requirePostgres(() => {});
  const prefix = findPostgres() ?? '';
  const links = readdirSync(prefix, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isSymbolicLink(),
  );
  const targets = links.map(({ parentPath, name }) => readlinkSync(join(parentPath, name)));
  expect(targets.length).toBeGreaterThan(0);
  expect(targets.filter((target) => target.includes('node_modules'))).toEqual([]);
});
