import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { events, features, jobNames } from '@insightdesk/shared/domain/catalog';

const folders = readdirSync(import.meta.dir, { withFileTypes: true }).filter((one) =>
  one.isDirectory(),
);

/** What the features' files of this name define, by a pattern for the names. */
function defined(file: string, pattern: RegExp): string[] {
  return folders.flatMap(({ name }) => {
    const path = join(import.meta.dir, name, file);
    const text = readdirSync(join(import.meta.dir, name)).includes(file)
      ? readFileSync(path, 'utf8')
      : '';
    return [...text.matchAll(pattern)].map(([, found = '']) => found);
  });
}

test('every folder is a feature, and every feature has its folder', () => {
  expect(Object.keys(features).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
});

test('every event and every job is listed, once', () => {
  const eventNames = defined('events.ts', /defineEvent\(\s*'([^']+)'/g);
  expect(eventNames.length).toBeGreaterThan(15);
  expect(Object.keys(events).toSorted()).toEqual(eventNames.toSorted());
  expect(jobNames.toSorted()).toEqual(defined('jobs.ts', /name: '([^']+)'/g).toSorted());
  expect(new Set(jobNames).size).toBe(jobNames.length);
});
