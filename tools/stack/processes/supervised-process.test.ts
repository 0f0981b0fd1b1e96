import { afterEach, beforeEach, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../shared/testing/until.ts';
import { createPidFiles, lockDirectory } from './pid-files.ts';
import { identityOf } from './process-identity.ts';
import type { ProcessSpec } from './supervised-process.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

let directory: string;
let lines: string[];
let supervisor: Supervisor;

const supervise = () =>
  createSupervisor({
    pidFiles: createPidFiles(join(directory, 'processes')),
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

/** A shell script that is ready when it has created a file. */
function script(text: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  const readyFile = join(directory, 'ready');
  return {
    name: 'script',
    command: ['sh', '-c', text],
    env: { READY_FILE: readyFile },
    isReady: async () => existsSync(readyFile),
    ...more,
  };
}

const pid = () => supervisor.pid('script');

test('a process starts, its lines are forwarded, and it stops with all descendants', async () => {
  await supervisor.start(script('echo hello; sleep 60 & echo $! > $READY_FILE; wait'));
  await until(() => lines.includes('script: hello'));
  const descendant = Number(readFileSync(join(directory, 'ready'), 'utf8'));
  expect(identityOf(descendant)).toBeDefined();
  await supervisor.stop('script');
  await until(() => identityOf(descendant), { equals: undefined });
  expect(pid()).toBeUndefined();
});

test('a process that ends is restarted with another pid', async () => {
  await supervisor.start(script('touch $READY_FILE; exec sleep 60'));
  const first = pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await until(() => pid() !== undefined && pid() !== first);
  expect(lines.join()).toContain('ended by SIGKILL, restarts in');
});

test('a process that ends again and again is restarted with increasing delays', async () => {
  await supervisor.start(
    script('test -e $READY_FILE && exit 3; touch $READY_FILE; sleep 0.2; exit 3'),
  );
  await until(() => lines.length, { atLeast: 3 });
  expect(lines.map((line) => /in (\d+) ms/.exec(line)?.[1])).toEqual(['200', '400', '800']);
});

test('start fails with the last lines of a process that ends before it is ready', async () => {
  const start = supervisor.start(script('echo no license >&2; exit 1'));
  await expect(start).rejects.toThrow('script ended. Its last lines:\n  no license');
});

test('a process that does not stop is killed', async () => {
  await supervisor.start(
    script("trap '' TERM; touch $READY_FILE; while :; do sleep 0.1; done", { stopTimeoutMs: 200 }),
  );
  await supervisor.stop('script');
  expect(lines).toContain('script: killed, because it did not stop in time');
});

test('a closed supervisor starts nothing', async () => {
  supervisor.close();
  await expect(supervisor.start(script('sleep 60'))).rejects.toThrow('was not started');
});

test('the next supervisor stops the processes of a killed one, and no others', async () => {
  const orphan = spawn('sleep', ['60'], { detached: true }).pid ?? 0;
  const pidFiles = createPidFiles(join(directory, 'processes'));
  pidFiles.write('orphan', orphan);
  const unrelated = join(directory, 'processes/unrelated.pid');
  writeFileSync(unrelated, `${process.pid} 1\nSIGTERM`);
  expect(await pidFiles.stopOrphans()).toEqual(['orphan']);
  expect(identityOf(orphan)).toBeUndefined();
  expect(existsSync(unrelated)).toBe(false);
});

test('lockDirectory throws while another supervisor runs, and ignores one that has ended', () => {
  const path = join(directory, 'supervisor.lock');
  writeFileSync(path, identityOf(process.ppid) ?? '');
  expect(() => lockDirectory(directory)).toThrow(`Already running here (pid ${process.ppid})`);
  writeFileSync(path, `${process.ppid} 1`);
  lockDirectory(directory).release();
  expect(existsSync(path)).toBe(false);
});
