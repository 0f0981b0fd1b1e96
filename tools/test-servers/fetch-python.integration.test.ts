import { afterAll, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePython } from './fetch-python.ts';

const before = process.env.PATH;
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-python-'));
afterAll(() => {
  process.env.PATH = before;
  rmSync(directory, { recursive: true });
});

test('requirePython ignores a python3 on PATH that cannot import the packages', async () => {
  const shim = join(directory, 'python3');
  writeFileSync(shim, '#!/bin/sh\necho "no version is set" >&2\nexit 127\n');
  chmodSync(shim, 0o755);
  process.env.PATH = `${directory}:${before}`;
  expect(Bun.which('python3', { PATH: process.env.PATH })).toBe(shim);
  const { path, env } = await requirePython(() => {});
  expect(path).not.toBe(shim);
  const child = Bun.spawn([path, '-c', 'import socketio; print("found")'], {
    env: { ...process.env, ...env },
    stdout: 'pipe',
  });
  expect(await child.stdout.text()).toBe('found\n');
});
