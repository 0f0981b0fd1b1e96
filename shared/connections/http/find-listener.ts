import { dlopen, ptr } from 'bun:ffi';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The listening socket of this process. */
export interface Listener {
  /** Number of open connections. */
  connections(): number;
  /**
   * Stops accepting connections without losing one: pending connections are accepted, later ones are
   * refused. Open connections stay.
   */
  close(): Promise<void>;
}

const ESTABLISHED = '01';
const HALF_OPEN = '03';
const LISTENING = '0A';
/** How long a connection may be pending that has sent nothing yet. */
const PENDING_TIMEOUT_MS = 1_000;
const POLL_MS = 10;

/** Finds the listening socket of `port`; undefined without Linux and glibc. */
export function findListener(port: number): Listener | undefined {
  const libc = process.platform === 'linux' ? openLibc() : undefined;
  const listening = libc ? socketsOf(port).filter(({ state }) => state === LISTENING) : [];
  const fd = listening
    .map(({ inode }) => findDescriptor(inode))
    .find((found) => found !== undefined);
  if (!libc || fd === undefined) return undefined;
  return {
    connections: () => socketsOf(port).filter(({ state }) => state === ESTABLISHED).length,
    async close() {
      dropNewConnections(fd, libc.setsockopt);
      const deadline = performance.now() + PENDING_TIMEOUT_MS;
      do await Bun.sleep(POLL_MS);
      while (socketsOf(port).some(isPending) && performance.now() < deadline);
      // Replaces the socket by one that never becomes readable, without the knowledge of Bun.
      const devNull = openSync('/dev/null', 'r');
      libc.dup2(devNull, fd);
      closeSync(devNull);
    },
  };
}

interface Socket {
  state: string;
  inode: string;
}

/** Not accepted yet: the kernel defers connections that have sent no data. */
const isPending = ({ state, inode }: Socket) =>
  state === HALF_OPEN || (state === ESTABLISHED && inode === '0');

/** Sockets of this network namespace that are bound to a port. */
function socketsOf(port: number): Socket[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/self/net/${family}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '']) => local.endsWith(suffix))
      .map(({ 3: state = '', 9: inode = '' }) => ({ state, inode })),
  );
}

function findDescriptor(inode: string): number | undefined {
  const found = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

function openLibc() {
  const int = 'i32' as const;
  try {
    return dlopen('libc.so.6', {
      setsockopt: { args: [int, int, int, 'ptr', 'u32'], returns: int },
      dup2: { args: [int, int], returns: int },
    }).symbols;
  } catch {
    return undefined;
  }
}

type Libc = NonNullable<ReturnType<typeof openLibc>>;

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
/** BPF program that drops packets that open a connection (SYN, in the 13th byte of TCP). */
const DROP_SYN_FILTER = [
  { code: 0x30, ifTrue: 0, ifFalse: 0, value: 13 },
  { code: 0x45, ifTrue: 0, ifFalse: 1, value: 0x02 },
  { code: 0x06, ifTrue: 0, ifFalse: 0, value: 0 },
  { code: 0x06, ifTrue: 0, ifFalse: 0, value: 0xffffffff },
];

/** Dropped, not refused: the client's kernel retries a second later and is refused then. */
function dropNewConnections(fd: number, setsockopt: Libc['setsockopt']): void {
  const program = new DataView(new ArrayBuffer(DROP_SYN_FILTER.length * 8));
  for (const [index, { code, ifTrue, ifFalse, value }] of DROP_SYN_FILTER.entries()) {
    program.setUint16(index * 8, code, true);
    program.setUint8(index * 8 + 2, ifTrue);
    program.setUint8(index * 8 + 3, ifFalse);
    program.setUint32(index * 8 + 4, value, true);
  }
  const filter = new DataView(new ArrayBuffer(16));
  filter.setUint16(0, DROP_SYN_FILTER.length, true);
  filter.setBigUint64(8, BigInt(ptr(new Uint8Array(program.buffer))), true);
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, ptr(new Uint8Array(filter.buffer)), 16);
}
