import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { events, features, jobNames } from '@insightdesk/shared/domain/catalog';

const names = Object.keys(features);

/** What the features' files of this name define, by a pattern for the names. */
function defined(file: string, pattern: RegExp): string[] {
  return names.flatMap((name) => {
    const path = join(import.meta.dir, name, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return [...text.matchAll(pattern)].map(([, found = '']) => found);
  });
}

test('every folder with an index.ts is a feature, and every feature has its folder', () => {
  const folders = [...new Bun.Glob('*/*/index.ts').scanSync(import.meta.dir)].map(dirname);
  expect(names.toSorted()).toEqual(folders.toSorted());
});

test('every event and every job is listed, once', () => {
  const eventNames = defined('events.ts', /defineEvent\(\s*'([^']+)'/g);
  expect(eventNames.length).toBeGreaterThan(15);
  expect(Object.keys(events).toSorted()).toEqual(eventNames.toSorted());
  expect(jobNames.toSorted()).toEqual(defined('jobs.ts', /name: '([^']+)'/g).toSorted());
  expect(new Set(jobNames).size).toBe(jobNames.length);
});
