import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './client.ts';

/** Runs the blocks of docs/getting-started.md, in order, as one script for each language. */

const TIMEOUT_MS = 60_000;
const root = join(import.meta.dir, '../..');
const page = await readFile(join(root, 'docs/getting-started.md'), 'utf8');

let folder: string;
/** The types of events that arrived at the receiver of the curl script. */
const received: string[] = [];
let receiver: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'getting-started-'));
  receiver = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const event = (await request.json()) as { type: string };
      received.push(event.type);
      return new Response(null, { status: 204 });
    },
  });
});

afterAll(async () => {
  await receiver.stop(true);
  await rm(folder, { recursive: true });
});

/** The code blocks of a language with the line of each, as one script; its errors name the lines of the page. */
function scriptOf(language: string): string {
  const lines = page.split('\n').map((): string => '');
  let isInside = false;
  for (const [index, line] of page.split('\n').entries()) {
    if (line.startsWith('```')) isInside = line === `\`\`\`${language}`;
    else if (isInside) lines[index] = line;
  }
  return lines.join('\n');
}

/** Runs a script and returns what it printed; throws with its errors when it fails. */
async function runScript(command: string[], variables: Record<string, string>) {
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { ...process.env, DESK: run.url, CA: run.ca, ...variables },
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: TIMEOUT_MS,
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}:\n${output}\n${errors}`);
  return output;
}

test.concurrent(
  'getting started: the curl blocks run from registration to an upload',
  async () => {
    await writeFile(join(folder, 'app.sh'), scriptOf('sh'));
    const HOOK = `http://127.0.0.1:${receiver.port}/insightdesk`;
    const output = await runScript(['bash', '-eu', '-o', 'pipefail', 'app.sh'], { HOOK });
    expect(output).toContain('42["event"');
    expect(output).toContain('"name":"order.txt"');
    expect(received).toContain('message.created');
  },
  TIMEOUT_MS,
);

test.concurrent(
  'getting started: the Python blocks run with the standard library',
  async () => {
    await writeFile(join(folder, 'app.py'), scriptOf('python'));
    const output = await runScript(['python3', '-I', 'app.py'], {});
    expect(output).toContain('event 42["event"');
    expect(output).toContain('webhook message.created');
    expect(output).toContain('3 messages\n');
  },
  TIMEOUT_MS,
);

test.concurrent(
  'getting started: the JavaScript blocks run in Node with the packed client',
  async () => {
    const modules = join(folder, 'node_modules');
    const outdir = join(modules, '@insightdesk/client');
    await runScript([process.execPath, join(root, 'client/build.ts'), outdir], {});
    // What npm installs with the tarball: a test of the client installs it from there.
    const dependency = Bun.resolveSync('socket.io-client/package.json', join(root, 'client'));
    await symlink(dirname(dependency), join(modules, 'socket.io-client'));
    await writeFile(join(folder, 'app.mjs'), scriptOf('js'));
    const output = await runScript(['node', 'app.mjs'], { NODE_EXTRA_CA_CERTS: run.ca });
    expect(output).toContain('event It is on its way.');
    expect(output).toContain('webhook message.created');
    expect(output).toContain('3 messages\n');
  },
  TIMEOUT_MS,
);

test('getting started: each step after the first has a block in every language', () => {
  const steps = page.split(/^## \d\. /m).slice(2);
  expect(steps.length).toBeGreaterThan(5);
  for (const step of steps) {
    for (const language of ['sh', 'js', 'python']) expect(step).toContain(`\n\`\`\`${language}\n`);
  }
});
