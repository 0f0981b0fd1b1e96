import { afterEach, beforeEach, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeftovers, lockDirectory } from './orphans.ts';
import { identityOf } from './process-identity.ts';
import type { ProcessSpec } from './supervised.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

let directory: string;
let lines: string[];
let supervisor: Supervisor;

const supervise = () =>
  createSupervisor({
    leftovers: createLeftovers(join(directory, 'processes')),
    onLine: (name, line) => lines.push(`${name}: ${line}`),
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'insightdesk-supervised-'));
  lines = [];
  supervisor = supervise();
});

afterEach(() => {
  supervisor.killAll();
  rmSync(directory, { recursive: true });
});

/** A shell script that is ready once it has made a file. */
function script(text: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  const mark = join(directory, 'ready');
  return {
    name: 'it',
    command: ['sh', '-c', text],
    env: { MARK: mark },
    isReady: async () => existsSync(mark),
    ...more,
  };
}

async function until(done: () => unknown) {
  const deadline = Date.now() + 15_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('It never happened');
    await Bun.sleep(10);
  }
}

const pid = () => supervisor.pid('it');

test('starts, passes lines on, and stops with all descendants', async () => {
  await supervisor.start(script('echo hello; sleep 60 & echo $! > $MARK; wait'));
  await until(() => lines.includes('it: hello'));
  const descendant = Number(readFileSync(join(directory, 'ready'), 'utf8'));
  expect(identityOf(descendant)).toBeDefined();
  await supervisor.stop('it');
  await until(() => identityOf(descendant) === undefined);
  expect(pid()).toBeUndefined();
});

test('a process that dies comes back under another pid', async () => {
  await supervisor.start(script('touch $MARK; exec sleep 60'));
  const first = pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await until(() => pid() !== undefined && pid() !== first);
  expect(lines.join()).toContain('ended by SIGKILL, starts again in');
});

test('a process that keeps dying is started ever more slowly', async () => {
  await supervisor.start(script('test -e $MARK && exit 3; touch $MARK; sleep 0.2; exit 3'));
  await until(() => lines.length >= 3);
  expect(lines.map((line) => /in (\d+) ms/.exec(line)?.[1])).toEqual(['200', '400', '800']);
});

test('one that ends before it is ready fails the start with its last words', async () => {
  const start = supervisor.start(script('echo out of luck >&2; exit 1'));
  await expect(start).rejects.toThrow('it ended. Its last words:\n  out of luck');
});

test('one that does not stop is killed', async () => {
  await supervisor.start(
    script("trap '' TERM; touch $MARK; while :; do sleep 0.1; done", { stopTimeoutMs: 200 }),
  );
  await supervisor.stop('it');
  expect(lines).toContain('it: did not stop in time: killed');
});

test('after it was closed nothing starts', async () => {
  supervisor.close();
  await expect(supervisor.start(script('sleep 60'))).rejects.toThrow('was not started');
});

test('the next supervisor ends what a killed one left, and no other process', async () => {
  const left = spawn('sleep', ['60'], { detached: true }).pid ?? 0;
  const leftovers = createLeftovers(join(directory, 'processes'));
  leftovers.remember('left', left);
  const stranger = join(directory, 'processes/stranger.pid');
  writeFileSync(stranger, `${process.pid} 1\nSIGTERM`);
  expect(await leftovers.clear()).toEqual(['left']);
  expect(identityOf(left)).toBeUndefined();
  expect(existsSync(stranger)).toBe(false);
});

test('a directory has one supervisor at a time, and a dead one does not count', () => {
  const path = join(directory, 'supervisor.lock');
  writeFileSync(path, identityOf(process.ppid) ?? '');
  expect(() => lockDirectory(directory)).toThrow(`Already running here (pid ${process.ppid})`);
  writeFileSync(path, `${process.ppid} 1`);
  lockDirectory(directory).release();
  expect(existsSync(path)).toBe(false);
});
