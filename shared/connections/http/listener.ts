import { dlopen, ptr } from 'bun:ffi';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The socket on which this process takes connections, apart from those that it took. */
export interface Listener {
  /** How many connections are open. */
  connections(): number;
  /**
   * Takes no more connections, and loses none on the way: whoever comes while it closes finds nobody
   * and may go elsewhere, whoever came before is let in. Connections stay.
   */
  close(): Promise<void>;
}

const ESTABLISHED = '01';
const HALF_OPEN = '03';
const LISTENING = '0A';
/** How long somebody may take who has connected and said nothing yet. */
const SILENCE_MS = 1_000;
const TURN_MS = 10;

/** Finds who listens on `port`; undefined where there is no Linux with glibc to ask. */
export function findListener(port: number): Listener | undefined {
  const libc = process.platform === 'linux' ? openLibc() : undefined;
  const listening = libc ? socketsOf(port).filter(({ state }) => state === LISTENING) : [];
  const fd = listening.map(({ inode }) => findDescriptor(inode)).find((one) => one !== undefined);
  if (!libc || fd === undefined) return undefined;
  return {
    connections: () => socketsOf(port).filter(({ state }) => state === ESTABLISHED).length,
    async close() {
      overlookNewcomers(fd, libc.setsockopt);
      const deadline = performance.now() + SILENCE_MS;
      do await Bun.sleep(TURN_MS);
      while (socketsOf(port).some(isAtTheDoor) && performance.now() < deadline);
      // In its place stands what nothing ever comes out of: its owner need not know.
      const nothing = openSync('/dev/null', 'r');
      libc.dup2(nothing, fd);
      closeSync(nothing);
    },
  };
}

interface Socket {
  state: string;
  inode: string;
}

/** Not let in yet: the kernel holds back whom it has not heard a word of. */
const isAtTheDoor = ({ state, inode }: Socket) =>
  state === HALF_OPEN || (state === ESTABLISHED && inode === '0');

/** The sockets of this network namespace that are bound to a port. */
function socketsOf(port: number): Socket[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/self/net/${family}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '']) => local.endsWith(end))
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
/** In BPF: a packet that asks for a connection (SYN, in the 13th byte of TCP) is not seen. */
const WITHOUT_NEWCOMERS = [
  { code: 0x30, ifTrue: 0, ifFalse: 0, value: 13 },
  { code: 0x45, ifTrue: 0, ifFalse: 1, value: 0x02 },
  { code: 0x06, ifTrue: 0, ifFalse: 0, value: 0 },
  { code: 0x06, ifTrue: 0, ifFalse: 0, value: 0xffffffff },
];

/** Its packet is dropped, not refused: the kernel asks again a second later, and is refused then. */
function overlookNewcomers(fd: number, setsockopt: Libc['setsockopt']): void {
  const steps = new DataView(new ArrayBuffer(WITHOUT_NEWCOMERS.length * 8));
  for (const [at, { code, ifTrue, ifFalse, value }] of WITHOUT_NEWCOMERS.entries()) {
    steps.setUint16(at * 8, code, true);
    steps.setUint8(at * 8 + 2, ifTrue);
    steps.setUint8(at * 8 + 3, ifFalse);
    steps.setUint32(at * 8 + 4, value, true);
  }
  const filter = new DataView(new ArrayBuffer(16));
  filter.setUint16(0, WITHOUT_NEWCOMERS.length, true);
  filter.setBigUint64(8, BigInt(ptr(new Uint8Array(steps.buffer))), true);
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, ptr(new Uint8Array(filter.buffer)), 16);
}
