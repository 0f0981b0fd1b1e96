import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A pid with the start time of its process, so that a reused pid does not match. */
export function identityOf(pid: number): string | undefined {
  const startedAt = process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  return startedAt && `${pid} ${startedAt}`;
}

/** The pid of an identity, if that process still runs. */
export function alivePid(identity: string): number | undefined {
  const pid = Number.parseInt(identity, 10);
  return pid > 0 && identityOf(pid) === identity.trim() ? pid : undefined;
}

/** Sends a signal to a process group; false if it has ended. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

export function parentOf(pid: number): number {
  return process.platform === 'linux'
    ? Number(statFields(pid)?.[1] ?? 0)
    : Number(ps(pid, 'ppid') || 0);
}

/** The command line of a process, arguments separated by spaces. */
export function commandLineOf(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'args');
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
}

function fromProc(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields && fields[0] !== 'Z' ? fields[19] : undefined;
}

const fromPs = (pid: number) => ps(pid, 'lstart').replaceAll(' ', '-') || undefined;

/** The fields after the process name, which may contain spaces and parentheses: state, parent, ... */
function statFields(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, field: string): string {
  const { stdout } = spawnSync('ps', ['-o', `${field}=`, '-p', String(pid)], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  return stdout?.toString().trim() ?? '';
}
