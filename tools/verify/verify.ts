import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runBunTest } from '../test-runner/bun-test.ts';
import { checkDocReferences } from './doc-references.ts';
import { checkImports } from './import-rules.ts';
import { listFiles } from './list-files.ts';
import { root, runTool } from './run.ts';
import { checkSizes } from './sizes.ts';
import { checkPath, checkWords } from './words.ts';

const MAX_RERUNS = 3;

/** The result of a step. It passed if `failures` is empty. `passed` and `failed` count tests; other steps count as one. */
interface Outcome {
  failures: string[];
  failed?: number;
  passed?: number;
  note?: string;
}

const files = listFiles();
const sources = files.filter((path) => path.endsWith('.ts'));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
/** Generated files are excluded. */
const isHandWritten = (path: string) => !read(path).startsWith('// Made by ');

const steps: Record<string, () => Promise<Outcome> | Outcome> = {
  'format and lint': () => useTool('biome', ['check', '--error-on-warnings']),
  types: () => useTool('tsc'),
  'promises, functions': () => useTool('oxlint'),
  imports: () => ({
    failures: sources.flatMap((path) => checkImports(path, read(path))),
    note: `${sources.length} files`,
  }),
  sizes: () =>
    checkSizes(
      sources
        .filter(isHandWritten)
        .map((path) => ({ path, lines: read(path).trimEnd().split('\n').length })),
    ),
  words: () => ({
    failures: files.flatMap((path) => [
      ...checkPath(path),
      ...(path.endsWith('.ts') ? checkWords(path, read(path)) : []),
    ]),
    note: `${files.length} files`,
  }),
  documents: checkDocuments,
  'unit tests': runUnitTests,
};

function checkDocuments(): Outcome {
  const known = new Set(files);
  for (const path of files) {
    for (let folder = dirname(path); !known.has(folder); folder = dirname(folder)) {
      known.add(folder);
    }
  }
  const documents = files.filter((path) => /^(README|CONTRIBUTING|docs\/.+)\.md$/.test(path));
  return {
    failures: documents.flatMap((path) =>
      checkDocReferences(path, read(path), (target) => known.has(target)),
    ),
    note: `${documents.length} documents`,
  };
}

/** Runs a failed file once more, alone. If it passes, it is reported as flaky. */
async function runUnitTests(): Promise<Outcome> {
  const isUnit = (path: string) =>
    path.endsWith('.test.ts') && !/\.(integration|e2e|long)\./.test(path);
  const lines: string[] = [];
  const flags = ['--no-isolate', '--timeout=20000'];
  const onLine = (line: string) => void lines.push(line);
  const report = await runBunTest(sources.filter(isUnit), {
    flags: ['--parallel=3', ...flags],
    onLine,
  });
  const flaky: string[] = [];
  for (const { path, tests } of report.failures.slice(0, MAX_RERUNS)) {
    if ((await runBunTest([path], { flags, onLine })).failed > 0) continue;
    flaky.push(`flaky: ${path} passed when it ran again, alone: ${tests.join('; ')}`);
    report.failed -= Math.max(1, tests.length);
    report.passed += Math.max(1, tests.length);
  }
  return {
    passed: report.passed,
    failed: report.failed,
    failures: report.failed > 0 ? [lines.join('\n')] : [],
    note: [`${report.passed} tests`, ...flaky].join('\n     '),
  };
}

async function useTool(...tool: Parameters<typeof runTool>): Promise<Outcome> {
  const { output, exitCode } = await runTool(...tool);
  return { failures: exitCode === 0 ? [] : [output] };
}

let passed = 0;
let failed = 0;
const startedAt = performance.now();
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

await Promise.all(
  Object.entries(steps).map(async ([name, step]) => {
    const stepStartedAt = performance.now();
    const outcome: Outcome = await Promise.try(step).catch((error) => ({
      failures: [String(error?.stack ?? error)],
    }));
    const ok = outcome.failures.length === 0;
    passed += outcome.passed ?? (ok ? 1 : 0);
    failed += outcome.failed ?? (ok ? 0 : 1);
    const note = outcome.note ? `  ${outcome.note}` : '';
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(16)} ${seconds(stepStartedAt)}${note}`);
    for (const failure of outcome.failures) console.log(`${failure.replace(/^/gm, '     ')}`);
  }),
);
console.log(`verified in ${seconds(startedAt)}\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
