import { connect } from 'node:net';

const HOST = '127.0.0.1';
const LAST_PORT = 65_535;
/** Above the ports of test stacks, below those of outgoing connections on Linux (from 32,768). */
const FIRST_EXTRA_PORT = 30_100;
const EXTRA_PORTS = 2_500;

/** The default ports of the stack; a busy port moves to the next free one. */
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

/** Consecutive ports. `first` must be outside of the range of outgoing connections. */
export function portsFrom(first: number): Ports {
  const names = Object.keys(preferredPorts);
  return Object.fromEntries(names.map((name, index) => [name, first + index])) as Ports;
}

/** The preferred port of each name, or the next free one. All are different. */
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

/** Random, so that concurrent processes rarely try the same ports. */
let nextPort = FIRST_EXTRA_PORT + Math.floor(Math.random() * EXTRA_PORTS);

/** A free port for a server beside the stack. Never returns the same port twice in a process. */
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

/** Whether a port can be bound and no server accepts connections on it. */
export async function isFree(port: number): Promise<boolean> {
  return !isBound(port) && !(await isListening(port));
}

/** Whether something accepts connections on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const finish = (isAccepted: boolean) => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}
