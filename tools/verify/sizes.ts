const MEDIAN_MAX = 90;
const QUESTIONED = 200;
const REFUSED = 400;

const isTest = (path: string) => path.endsWith('.test.ts');

/** Judges the lengths of files, in lines: what breaks the rule, and what to know. */
export function checkSizes(files: { path: string; lines: number }[]): {
  failures: string[];
  note: string;
} {
  const lengths = files
    .filter(({ path }) => !isTest(path))
    .map(({ lines }) => lines)
    .sort((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  const failures = files
    .filter(({ lines }) => lines > REFUSED)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${REFUSED}: split it`);
  if (median > MEDIAN_MAX) failures.push(`The median file has ${median} lines, over ${MEDIAN_MAX}`);
  const long = files
    .filter(({ lines }) => lines > QUESTIONED)
    .sort((a, b) => b.lines - a.lines)
    .map(({ path, lines }) => `${path} ${lines}`);
  const questioned = long.length > 0 ? `; over ${QUESTIONED}: ${long.join(', ')}` : '';
  return { failures, note: `median ${median} lines${questioned}` };
}
