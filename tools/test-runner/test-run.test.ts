import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from '../stack/paths.ts';
import { countReport, runTests } from './test-run.ts';

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

/** Passes once another lane has come as far. */
const meeting = `
  import { test } from 'bun:test';
  import { existsSync, writeFileSync } from 'node:fs';
  const { LANE, OTHER } = process.env;
  test('meets another', async () => {
    writeFileSync(import.meta.dir + '/' + LANE, '');
    while (!existsSync(import.meta.dir + '/' + OTHER)) await Bun.sleep(5);
  });
`;

test('files run at once, each in a lane that knows what is its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'insightdesk-lanes-'));
  const files = ['a', 'b'].map((name) => join(folder, `${name}.test.ts`));
  try {
    for (const file of files) await Bun.write(file, meeting);
    const lanes = [
      { LANE: 'one', OTHER: 'two' },
      { LANE: 'two', OTHER: 'one' },
    ];
    const paths = files.map((file) => relative(root, file));
    const counts = await runTests(paths, { lanes, onLine: () => {} });
    expect(counts).toEqual({ passed: 2, failed: 0, skipped: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test('a lane that dies is told and counted, and the others go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'insightdesk-lanes-'));
  const dies = `import { test } from 'bun:test'; test('dies', () => process.kill(process.pid, 'SIGKILL'));`;
  const lives = `import { test } from 'bun:test'; test('lives', () => {});`;
  const files = [join(folder, 'a.test.ts'), join(folder, 'b.test.ts')];
  const lines: string[] = [];
  try {
    await Promise.all(files.map((file, at) => Bun.write(file, at === 0 ? dies : lives)));
    const paths = files.map((file) => relative(root, file));
    const counts = await runTests(paths, { lanes: [{}, {}], onLine: (line) => lines.push(line) });
    expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(lines.join('\n')).toMatch(/✗ .*a\.test\.ts \(worker crashed/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
