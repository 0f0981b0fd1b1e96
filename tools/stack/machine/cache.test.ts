import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { ensureCached } from './cache.ts';

const before = process.env.XDG_CACHE_HOME;
const home = mkdtempSync(join(tmpdir(), 'insightdesk-cache-'));

beforeAll(() => {
  process.env.XDG_CACHE_HOME = home;
});

afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(home, { recursive: true });
});

test('ensureCached builds a directory once for concurrent callers', async () => {
  const fetched = Promise.withResolvers<void>();
  let builds = 0;
  const build = async (draft: string) => {
    builds++;
    await fetched.promise;
    writeFileSync(join(draft, 'program'), '');
  };
  const results = Promise.all([ensureCached('tool', build), ensureCached('tool', build)]);
  fetched.resolve();
  const [first, second] = await results;
  expect(first).toBe(second);
  expect(existsSync(join(first, 'program'))).toBe(true);
  expect(builds).toBe(1);
});

test('ensureCached leaves no directory after a failed build, and the next call builds again', async () => {
  const failing = () => Promise.reject(new Error('no network'));
  await expect(ensureCached('other', failing)).rejects.toThrow('no network');
  expect(readdirSync(cacheDirectory()).filter((name) => name.startsWith('other'))).toEqual([]);
  await ensureCached('other', async () => {});
  expect(readdirSync(cacheDirectory())).toContain('other');
});

test('ensureCached uses the directory that another process created meanwhile', async () => {
  const directory = await ensureCached('raced', async (draft) => {
    writeFileSync(join(draft, '..', 'raced'), '');
  });
  expect(directory).toBe(join(cacheDirectory(), 'raced'));
});
