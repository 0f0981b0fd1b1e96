import { expect, test } from 'bun:test';
import { countReport } from './test-run.ts';

const report = (attributes: string) => `<?xml?>\n<testsuites name="bun test" ${attributes} />`;

test.each([
  ['all well', report('tests="5" failures="0" skipped="1"'), true, [4, 0, 1]],
  ['some failed', report('tests="5" failures="2" skipped="0"'), false, [3, 2, 0]],
  ['failed outside of any test', report('tests="5" failures="0" skipped="0"'), false, [5, 1, 0]],
  ['nothing ran', report('tests="0" failures="0" skipped="0"'), true, [0, 1, 0]],
  ['no report', '', false, [0, 1, 0]],
] as const)('%s', (_name, junit, isFine, [passed, failed, skipped]) => {
  expect(countReport(junit, isFine)).toEqual({ passed, failed, skipped });
});
