const MAX_MEDIAN_LINES = 90;
const LONG_FILE_LINES = 200;
const MAX_LINES = 400;

const isTest = (path: string) => path.endsWith('.test.ts');

/** Checks the number of lines of files. `note` lists the long ones. */
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
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${MAX_LINES}: split it`);
  if (median > MAX_MEDIAN_LINES)
    failures.push(`The median file has ${median} lines, over ${MAX_MEDIAN_LINES}`);
  const long = files
    .filter(({ lines }) => lines > LONG_FILE_LINES)
    .sort((a, b) => b.lines - a.lines)
    .map(({ path, lines }) => `${path} ${lines}`);
  const longNote = long.length > 0 ? `; over ${LONG_FILE_LINES}: ${long.join(', ')}` : '';
  return { failures, note: `median ${median} lines${longNote}` };
}
