import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { alivePid, identityOf } from './process-identity.ts';

const HOST = '127.0.0.1';
const LAST_PORT = 65_535;
/** Below those that the system takes for outgoing connections. */
const FIRST_BESIDE = 31_000;

/** Ports the stack asks for first; a busy one moves to the next free one. */
export const preferredPorts = {
  https: 8443,
  http: 8080,
  'api-1': 3001,
  'websocket-1': 3002,
  'api-2': 3003,
  'websocket-2': 3004,
  'worker-1': 3005,
  postgres: 5432,
  valkey: 6379,
  smtp: 1025,
  inbox: 1080,
  'worker-2': 3006,
  'worker-3': 3007,
};

export type Ports = typeof preferredPorts;

/** A block outside the range from which the system takes ports for outgoing connections. */
export function portsFrom(first: number): Ports {
  const names = Object.keys(preferredPorts);
  return Object.fromEntries(names.map((name, index) => [name, first + index])) as Ports;
}

/**
 * For each name its preferred port, or the next one that is free. They stay this process's own for
 * as long as it runs, also while a service that had one is being started again.
 */
export async function findPorts(preferred: Ports): Promise<Ports> {
  const taken = new Set<number>();
  const found: [string, number][] = [];
  for (const [name, first] of Object.entries(preferred)) {
    let port = first;
    while (taken.has(port) || !(await isOurs(port))) port++;
    taken.add(port);
    found.push([name, port]);
  }
  return Object.fromEntries(found) as Ports;
}

const givenBeside = new Set<number>();

/**
 * A port for a server beside the stack, this process's own for as long as it runs. One that the system
 * gave and that was let go is anybody's until the server listens there.
 */
export function takePort(): number {
  for (let port = FIRST_BESIDE; ; port++) {
    if (givenBeside.has(port) || !claim(port)) continue;
    if (isBound(port)) {
      release(port);
      continue;
    }
    givenBeside.add(port);
    return port;
  }
}

function isBound(port: number): boolean {
  if (port > LAST_PORT) throw new Error('No free port is left');
  try {
    Bun.listen({ hostname: HOST, port, socket: { data() {} } }).stop(true);
    return false;
  } catch {
    return true;
  }
}

async function isOurs(port: number): Promise<boolean> {
  if (!claim(port)) return false;
  if (await isFree(port)) return true;
  release(port);
  return false;
}

let book: Database | undefined;

/** Whose each port is, for all processes of this user; a file of its own could not be taken over safely. */
function claims(): Database {
  if (book) return book;
  mkdirSync(cacheDirectory(), { recursive: true });
  book = new Database(join(cacheDirectory(), 'ports.sqlite'));
  book.run('pragma busy_timeout = 10000');
  // A crash of the machine may forget the last claims, whose processes are gone, but breaks nothing.
  book.run('pragma journal_mode = wal');
  book.run('pragma synchronous = normal');
  book.run('create table if not exists claims (port integer primary key, owner text not null)');
  return book;
}

/** Whether a port is ours now; what a process left that has ended does not count. */
function claim(port: number): boolean {
  const take = claims().transaction(() => {
    const found = claims().query<{ owner: string }, [number]>(
      'select owner from claims where port = ?',
    );
    const owner = found.get(port)?.owner;
    const pid = owner && alivePid(owner);
    if (pid) return pid === process.pid;
    claims().run('insert or replace into claims values (?, ?)', [
      port,
      identityOf(process.pid) ?? '',
    ]);
    return true;
  });
  return take.immediate();
}

const release = (port: number) => claims().run('delete from claims where port = ?', [port]);

/** Free means: nobody answers, and we may listen there. */
export async function isFree(port: number): Promise<boolean> {
  return !isBound(port) && !(await answers(port));
}

/** Whether something accepts connections on a port of this machine. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
