import { expect, test } from 'bun:test';
import { dirname, join } from 'node:path';
import { events, features, jobs } from '@insightdesk/shared/domain/catalog';

const scan = (pattern: string) => [...new Bun.Glob(pattern).scanSync(import.meta.dir)];

/** The names that all modules of the features export under this file name. */
async function exportedNames(file: 'events.ts' | 'jobs.ts', type: 'event' | 'job') {
  const modules = await Promise.all(
    scan(`*/*/${file}`).map((path): Promise<object> => import(join(import.meta.dir, path))),
  );
  return modules
    .flatMap((module): unknown[] => Object.values(module))
    .filter((value): value is { name: string } => (value as { type?: unknown })?.type === type)
    .map(({ name }) => name);
}

test('every folder with an index.ts is a feature, and every feature has its folder', () => {
  const folders = scan('*/*/index.ts').map(dirname);
  expect(Object.keys(features).toSorted()).toEqual(folders.toSorted());
});

test('every event and every job of the features is in the catalog once', async () => {
  const eventNames = await exportedNames('events.ts', 'event');
  expect(eventNames.length).toBeGreaterThan(15);
  expect(Object.keys(events).toSorted()).toEqual(eventNames.toSorted());
  const jobNames: string[] = jobs.map(({ name }) => name);
  expect(jobNames.toSorted()).toEqual((await exportedNames('jobs.ts', 'job')).toSorted());
  expect(new Set(jobNames).size).toBe(jobNames.length);
});
