import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../stack/paths.ts';

/**
 * `npm test` runs `main`, `npm run test:long` runs `long`: `x.long.test.ts`, and those files of `main` that use
 * `bySize` for a larger size.
 */
export type Tier = 'main' | 'long';

const folders = '{bench,services,shared,tests,tools}';

const scan = (pattern: string) =>
  [...new Bun.Glob(`${folders}/**/${pattern}`).scanSync(root)].filter(
    (path) => !path.includes('node_modules'),
  );

const usesBySize = (path: string) => readFileSync(join(root, path), 'utf8').includes('bySize(');

/** The test files of a tier that need servers, optionally only those whose path contains one of the words. */
export function listTests(tier: Tier, words: readonly string[] = []): string[] {
  const main = scan('*.{integration,e2e}.test.ts');
  const files = tier === 'main' ? main : [...scan('*.long.test.ts'), ...main.filter(usesBySize)];
  return files
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}
