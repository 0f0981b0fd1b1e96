import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runTool } from './run.ts';

const probes = {
  'shared/foundation/utils/index.ts': "export { type Query, later, query } from './later.ts';",
  'shared/foundation/utils/later.ts': `
    export const later = async () => 1;
    export interface Query { then(done: (rows: unknown[]) => void, failed: (e: unknown) => void): void }
    export const query = (): Query => ({ then: (done) => done([]) });`,
  'shared/foundation/utils/cycle-a.ts':
    "import { b } from './cycle-b.ts'; export const a = () => b;",
  'shared/foundation/utils/cycle-b.ts':
    "import { a } from './cycle-a.ts'; export const b = () => a;",
  'shared/foundation/utils/any.ts': 'export const loose = (x: any) => x;',
  'shared/foundation/utils/environment.ts': 'export const port = process.env.PORT;',
  'shared/foundation/utils/long-file.ts': `export const rows = [\n${"  'row',\n".repeat(400)}];\n`,
  'shared/foundation/utils/long-function.ts': `export function long() {\n${'  // why\n\n'.repeat(39)}\n}`,
  'shared/foundation/utils/full-function.ts': `export function full() {\n${'  // why\n\n'.repeat(39)}}`,
  'shared/domain/identity/users/process.ts': "export const end = () => process.exit('1');",
  'shared/foundation/utils/expectation.test.ts': `
    import { expect, test } from 'bun:test';
    test('x', async () => { expect(Promise.resolve(1)).rejects.toThrow(); });`,
  'services/api/floating-call.ts': "import { later } from '@insightdesk/shared/utils'; later();",
  'services/api/floating-query.ts': "import { query } from '@insightdesk/shared/utils'; query();",
  'services/api/floating-sleep.ts': 'Bun.sleep(1);',
  'services/api/misused.ts': '[1].forEach(async () => { await Bun.sleep(1); });',
  'services/api/handled.ts':
    "import { later } from '@insightdesk/shared/utils'; void later(); await later();",
};
let copy: string;
let findings: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'insightdesk-lint-'));
  const { vcs, ...biome } = await Bun.file(join(root, 'biome.json')).json();
  await Bun.write(join(copy, 'biome.json'), JSON.stringify(biome));
  for (const path of ['tsconfig.json', 'tools/verify/lint', 'shared/package.json']) {
    await cp(join(root, path), join(copy, path), { recursive: true });
  }
  for (const [path, source] of Object.entries(probes)) await Bun.write(join(copy, path), source);
  await mkdir(join(copy, 'node_modules/@insightdesk'), { recursive: true });
  await symlink(join(copy, 'shared'), join(copy, 'node_modules/@insightdesk/shared'));
  await symlink(join(root, 'node_modules/@types'), join(copy, 'node_modules/@types'));
  const [biomeRun, oxlintRun] = await Promise.all([
    runTool('biome', ['lint'], copy),
    runTool('oxlint', [], copy),
  ]);
  findings = `${biomeRun.output}
${oxlintRun.output}`;
}, 30_000);

afterAll(() => rm(copy, { recursive: true }));

test.each([
  ['shared/foundation/utils/cycle-a.ts', 'noImportCycles'],
  ['shared/foundation/utils/any.ts', 'noExplicitAny'],
  ['shared/foundation/utils/environment.ts', 'noProcessEnv'],
  ['shared/foundation/utils/long-file.ts', 'noExcessiveLinesPerFile'],
  ['shared/foundation/utils/long-function.ts', 'max-lines-per-function'],
  ['shared/domain/identity/users/process.ts', 'noRestrictedGlobals'],
  ['shared/foundation/utils/expectation.test.ts', 'Await it'],
  ['services/api/floating-call.ts', 'no-floating-promises'],
  ['services/api/floating-query.ts', 'no-floating-promises'],
  ['services/api/floating-sleep.ts', 'no-floating-promises'],
  ['services/api/misused.ts', 'no-misused-promises'],
])('the linters report in %s: %s', (path, rule) => {
  const about = findings.split('\n').filter((line) => line.includes(path));
  expect(about.some((line) => line.includes(rule))).toBe(true);
});

test.each([
  ['a handled promise', 'services/api/handled.ts'],
  ['a function of 80 lines', 'shared/foundation/utils/full-function.ts'],
])('the linters accept %s', (_what, path) => {
  expect(findings).not.toContain(path);
});
