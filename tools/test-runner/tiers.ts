import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../stack/paths.ts';

/**
 * `main` is what `npm test` runs. `long` is what `npm run test:long` runs: `x.long.test.ts`, and the
 * files of `main` that have a full size (`bySize`).
 */
export type Tier = 'main' | 'long';

const folders = '{bench,services,shared,tests,tools}';

const scan = (pattern: string) =>
  [...new Bun.Glob(`${folders}/**/${pattern}`).scanSync(root)].filter(
    (path) => !path.includes('node_modules'),
  );

const hasFullSize = (path: string) => readFileSync(join(root, path), 'utf8').includes('bySize(');

/** The test files of a tier that need servers; with words only those whose path has one of them. */
export function listTests(tier: Tier, words: readonly string[] = []): string[] {
  const main = scan('*.{integration,e2e}.test.ts');
  const files = tier === 'main' ? main : [...scan('*.long.test.ts'), ...main.filter(hasFullSize)];
  return files
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}
