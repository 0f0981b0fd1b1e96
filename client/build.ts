import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import manifest from './package.json' with { type: 'json' };

const here = import.meta.dir;

/** Builds the package for publication; throws when it does not compile. */
export async function build(outdir = join(here, 'dist')): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  const common = { outdir, entrypoints: [join(here, 'index.ts')], target: 'browser' as const };
  await Promise.all([
    Bun.build({ ...common, external: ['socket.io-client'] }),
    Bun.build({ ...common, naming: 'browser.js', minify: true }),
    writeDeclarations(join(outdir, 'types')),
    Bun.write(join(outdir, 'package.json'), `${JSON.stringify(published, null, 2)}\n`),
    Bun.write(join(outdir, 'README.md'), Bun.file(join(here, 'README.md'))),
  ]);
}

const { name, version, license, dependencies } = manifest;
const types = './types/client/index.d.ts';
const published = {
  name,
  version,
  description: 'The client of InsightDesk for browsers, Node and Bun',
  license,
  dependencies,
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.3' },
  exports: {
    '.': { types, default: './index.js' },
    './browser': { types, default: './browser.js' },
  },
};

/** Writes the declarations, without the types of Bun and Node: the code must run in browsers. */
async function writeDeclarations(outdir: string): Promise<void> {
  const tsc = join(dirname(Bun.resolveSync('typescript/package.json', here)), 'bin/tsc');
  const project = join(here, 'tsconfig.build.json');
  const command = [process.execPath, tsc, '--project', project, '--outDir', outdir];
  const child = Bun.spawn(command, { cwd: here, stdout: 'pipe' });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`Compiling the declarations failed:\n${output}`);
}

if (import.meta.main) await build(process.argv[2]);
