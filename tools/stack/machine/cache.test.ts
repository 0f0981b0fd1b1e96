import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { cached } from './cache.ts';

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

test('two stacks that need the same program at once fetch it once', async () => {
  const fetched = Promise.withResolvers<void>();
  let builds = 0;
  const build = async (draft: string) => {
    builds++;
    await fetched.promise;
    writeFileSync(join(draft, 'program'), '');
  };
  const both = Promise.all([cached('tool', build), cached('tool', build)]);
  fetched.resolve();
  const [one, other] = await both;
  expect(one).toBe(other);
  expect(existsSync(join(one, 'program'))).toBe(true);
  expect(builds).toBe(1);
});

test('a failed fetch leaves no directory, and the next call fetches again', async () => {
  const failing = () => Promise.reject(new Error('no network'));
  await expect(cached('other', failing)).rejects.toThrow('no network');
  expect(readdirSync(cacheDirectory()).filter((name) => name.startsWith('other'))).toEqual([]);
  await cached('other', async () => {});
  expect(readdirSync(cacheDirectory())).toContain('other');
});

test('the directory of a faster process is used', async () => {
  const directory = await cached('raced', async (draft) => {
    writeFileSync(join(draft, '..', 'raced'), 'of the other');
  });
  expect(directory).toBe(join(cacheDirectory(), 'raced'));
});
