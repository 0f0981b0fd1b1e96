import { connect } from 'node:net';

const HOST = '127.0.0.1';
const LAST_PORT = 65_535;
/** Between the ports of test stacks and those that Linux uses for outgoing connections (32,768 on). */
const FIRST_BESIDE = 30_100;
const SPREAD = 2_500;

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

/** For each name its preferred port, or the next one that is free. No port is used twice. */
export async function findPorts(preferred: Ports): Promise<Ports> {
  const used = new Set<number>();
  const found: [string, number][] = [];
  for (const [name, first] of Object.entries(preferred)) {
    let port = first;
    while (used.has(port) || !(await isFree(port))) port++;
    used.add(port);
    found.push([name, port]);
  }
  return Object.fromEntries(found) as Ports;
}

/** Random, so that processes that look for ports at the same time rarely try the same ones. */
let nextPort = FIRST_BESIDE + Math.floor(Math.random() * SPREAD);

/** A free port for a server beside the stack. The same process never gets it again. */
export function takePort(): number {
  while (isBound(nextPort)) nextPort++;
  return nextPort++;
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
