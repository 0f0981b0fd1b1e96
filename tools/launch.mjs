// node launch.mjs SCRIPT: what `npm start` and `npm test` call. Brings Bun to a machine that has Node
// only, installs the dependencies and runs a script of this directory. Plain JavaScript, because
// nothing is there yet. It passes signals on, which npx and the shells it starts would not.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const remembered = join(root, 'node_modules/.bun-path');
const oldestNode = 20;

const launcher = process.ppid;

let child;
let asked = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    asked = true;
    child?.kill(signal);
  });
}

/** Runs a program to its end; with `capture` it returns what was printed. Ends us when it fails. */
function run([program, ...words], { capture = false, optional = false } = {}) {
  if (process.ppid !== launcher) process.exit(1); // killed meanwhile, and nobody waits any more
  return new Promise((resolve) => {
    const options = {
      cwd: root,
      stdio: ['inherit', capture ? 'pipe' : 'inherit', optional ? 'ignore' : 'inherit'],
    };
    let printed = '';
    child = spawn(program, words, options);
    child.stdout?.on('data', (bytes) => {
      printed += bytes;
    });
    child.once('error', (error) => {
      if (optional) return resolve(undefined);
      console.error(`${program}: ${error.message}`);
      process.exit(1);
    });
    child.once('close', (code, signal) => {
      if (code !== 0 && (asked || !optional)) process.exit(code ?? (signal === 'SIGINT' ? 130 : 143));
      resolve(printed.trim());
    });
  });
}

/** The right Bun: on PATH, the one of the last time, or from npm, which takes a second to ask. */
async function findBun() {
  for (const bun of ['bun', existsSync(remembered) ? readFileSync(remembered, 'utf8') : '']) {
    const version = bun && (await run([bun, '--version'], { capture: true, optional: true }));
    if (`bun@${version}` === wanted) return bun;
  }
  const allowed = [
    '--yes',
    '--prefer-offline',
    '--progress=false',
    '--ignore-scripts=false',
    '--allow-scripts=bun',
    `--package=${wanted}`,
  ];
  const bun = await run(['npx', ...allowed, '-c', 'command -v bun'], { capture: true });
  mkdirSync(dirname(remembered), { recursive: true });
  writeFileSync(remembered, bun);
  return bun;
}

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  console.error(`Node ${oldestNode} or newer is needed, this is ${process.version}: nodejs.org`);
  process.exit(1);
}
const bun = await findBun();
await run([bun, 'install', '--frozen-lockfile']);
await run([bun, join(here, process.argv[2]), ...process.argv.slice(3)]);
