import { root } from '../stack/paths.ts';

/** `main` is what `npm test` runs; `long` is what only `npm run test:long` runs. */
export type Tier = 'main' | 'long';

const patterns: Record<Tier, string> = {
  main: '{bench,services,shared,tests,tools}/**/*.{integration,e2e}.test.ts',
  long: '{bench,services,shared,tests,tools}/**/*.long.test.ts',
};

/** The test files of a tier that need servers; with words only those whose path has one of them. */
export function listTests(tier: Tier, words: readonly string[] = []): string[] {
  return [...new Bun.Glob(patterns[tier]).scanSync(root)]
    .filter((path) => !path.includes('node_modules'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}
