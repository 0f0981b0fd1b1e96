import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './pid-files.ts';

test.each(['new', 'world-readable'])(
  'a %s data directory is readable by its owner only',
  (kind) => {
    const parent = mkdtempSync(join(tmpdir(), 'insightdesk-lock-'));
    const directory = join(parent, '.data');
    if (kind !== 'new') mkdirSync(directory, { mode: 0o755 });
    try {
      lockDirectory(directory).release();
      expect(statSync(directory).mode & 0o777).toBe(0o700);
    } finally {
      rmSync(parent, { recursive: true });
    }
  },
);
