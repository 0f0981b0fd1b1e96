import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { changeOwner, findUnprivileged } from '../stack/machine/unprivileged.ts';
import { runCommand } from '../stack/processes/run-command.ts';
import { requireAzurite } from './fetch-azurite.ts';
import { requireSwift } from './fetch-swift.ts';

/**
 * A storage server for tests: `bun storage-server.ts swift|azurite`. Downloads it if it is missing, and prints one
 * line of JSON (`pid`, `url` and an account) when it is ready. The input line `kill` kills the server, `start` starts
 * it again on the same port with the same data; both print a line when they are done. At the end of its input it
 * stops and deletes all data.
 */
const servers = { swift: startSwift, azurite: startAzurite };

const log = (line: string) => process.stderr.write(`${line}\n`);
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-storage-server-'));
const { prefix, ownerId } = findUnprivileged();

const [kind = ''] = process.argv.slice(2);
if (!Object.hasOwn(servers, kind))
  throw new Error(`Unknown server ${kind}; known: ${Object.keys(servers).join(', ')}`);
const startServer = await servers[kind as keyof typeof servers]();
let child: ChildProcess;
await start();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'kill') await kill();
  if (line === 'start') await start();
}
await kill();
exit(0);

async function start(): Promise<void> {
  const started = await startServer();
  child = started.child;
  process.stdout.write(`${JSON.stringify({ ...started, child: undefined, pid: child.pid })}\n`);
}

async function kill(): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  process.stdout.write('{}\n');
}

function exit(code: number): never {
  rmSync(directory, { recursive: true, force: true });
  process.exit(code);
}

function launch([program = '', ...args]: string[], env: Record<string, string> = {}) {
  changeOwner(ownerId, directory);
  return spawn(program, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function startSwift() {
  const { path, env } = await requireSwift(log);
  const account = { accessKeyId: 'desk:tester', secretAccessKey: randomBytes(20).toString('hex') };
  const user = (await runCommand(['env', ...prefix, 'id', '-un'])).trim();
  const script = join(import.meta.dir, 'swift-server.py');
  const args = [join(directory, 'swift'), user, account.accessKeyId, account.secretAccessKey];
  return async () => {
    const child = launch([...prefix, path, script, ...args], env);
    return { child, url: await firstLine(child.stdout, /^http:\S+$/), ...account };
  };
}

async function startAzurite() {
  const program = await requireAzurite(log);
  const account = 'desk';
  const accessKey = createHash('sha512').update(randomBytes(20)).digest('base64');
  const files = join(directory, 'azurite');
  mkdirSync(files);
  const flags = ['--disableTelemetry', '--skipApiVersionCheck', '--silent'];
  let port = '0';
  return async () => {
    const address = ['--location', files, '--blobHost', '127.0.0.1', '--blobPort', port];
    const child = launch([...prefix, process.execPath, program, ...address, ...flags], {
      AZURITE_ACCOUNTS: `${account}:${accessKey}`,
    });
    const url = await firstLine(child.stdout, /http:\/\/127\.0\.0\.1:\d+/);
    port = new URL(url).port;
    return { child, url: `${url}/${account}`, account, accessKey };
  };
}

async function firstLine(output: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [found] = pattern.exec(line) ?? [];
    output.resume();
    if (found) return found;
  }
  return exit(1);
}
