import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { events, features, jobNames } from '@insightdesk/shared/domain/catalog';

const names = Object.keys(features);

/** The names that match a pattern in the files of this name, in features and their subfolders. */
function defined(file: string, pattern: RegExp): string[] {
  return names.flatMap((name) => {
    const folder = join(import.meta.dir, name);
    const files = [...new Bun.Glob(`**/${file}`).scanSync(folder)];
    const text = files.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n');
    return [...text.matchAll(pattern)].map(([, found = '']) => found);
  });
}

test('features: each has a folder with an index.ts, and each such folder is a feature', () => {
  const folders = [...new Bun.Glob('*/*/index.ts').scanSync(import.meta.dir)].map(dirname);
  expect(names.toSorted()).toEqual(folders.toSorted());
});

test('catalog: lists every event and job once', () => {
  const eventNames = defined('events.ts', /defineEvent\(\s*'([^']+)'/g);
  expect(eventNames.length).toBeGreaterThan(15);
  expect(Object.keys(events).toSorted()).toEqual(eventNames.toSorted());
  expect(jobNames.toSorted()).toEqual(defined('jobs.ts', /name: '([^']+)'/g).toSorted());
  expect(new Set(jobNames).size).toBe(jobNames.length);
});
