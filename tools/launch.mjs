// node launch.mjs SCRIPT [ARGUMENT...]: runs a script, a path relative to the root of the clone, with Bun. Downloads
// Bun if it is missing, installs the dependencies, and forwards signals (npx does not).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const requiredBun = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const bunPathFile = join(root, 'node_modules/.bun-path');
const MIN_NODE = 20;

const parent = process.ppid;

let child;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isStopping = true;
    child?.kill(signal);
  });
}

/** Runs a program; with `capture` returns its output. Exits if it fails, unless `optional`. */
function run([program, ...args], { capture = false, optional = false, toStderr = false } = {}) {
  if (process.ppid !== parent) process.exit(1); // npm was killed
  return new Promise((resolve) => {
    const options = {
      cwd: root,
      stdio: ['inherit', capture ? 'pipe' : toStderr ? 2 : 'inherit', optional ? 'ignore' : 'inherit'],
    };
    let text = '';
    child = spawn(program, args, options);
    child.stdout?.on('data', (bytes) => {
      text += bytes;
    });
    child.once('error', (error) => {
      if (optional) return resolve(undefined);
      console.error(`${program}: ${error.message}`);
      process.exit(1);
    });
    child.once('close', (code, signal) => {
      if (code !== 0 && (isStopping || !optional)) process.exit(code ?? (signal === 'SIGINT' ? 130 : 143));
      resolve(text.trim());
    });
  });
}

/** The path of Bun in the required version: on PATH, from the last run, or from npm. */
async function findBun() {
  for (const bun of ['bun', existsSync(bunPathFile) ? readFileSync(bunPathFile, 'utf8') : '']) {
    const version = bun && (await run([bun, '--version'], { capture: true, optional: true }));
    if (`bun@${version}` === requiredBun) return bun;
  }
  const npxFlags = [
    '--yes',
    '--prefer-offline',
    '--progress=false',
    '--ignore-scripts=false',
    '--allow-scripts=bun',
    `--package=${requiredBun}`,
  ];
  const bun = await run(['npx', ...npxFlags, '-c', 'command -v bun'], { capture: true });
  mkdirSync(dirname(bunPathFile), { recursive: true });
  writeFileSync(bunPathFile, bun);
  return bun;
}

if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
  console.error(`Node ${MIN_NODE} or newer is required; this is ${process.version}`);
  process.exit(1);
}
const bun = await findBun();
// The output of a script may be redirected to a file. Only the first installation takes long and shows its progress.
const silent = existsSync(join(root, 'node_modules/.bin')) ? ['--silent'] : [];
await run([bun, 'install', '--frozen-lockfile', ...silent], { toStderr: true });
await run([bun, join(root, process.argv[2]), ...process.argv.slice(3)]);
