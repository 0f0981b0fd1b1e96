import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP server on 127.0.0.1 that passes each connection to `handle`. Close it after the tests. */
export async function startTcpServer(handle: (socket: Socket) => unknown) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    destroyAll,
    close() {
      destroyAll();
      server.close();
    },
  };
}

/** A port on 127.0.0.1 that refuses connections. */
export async function findClosedPort(): Promise<number> {
  const server = await startTcpServer(() => {});
  server.close();
  await Bun.sleep(0);
  return server.port;
}

interface ProxyOptions {
  /** Passes data on with `write`, at once by default. */
  transfer?: (direction: 'request' | 'response', write: () => void, bytes: Uint8Array) => void;
}

/**
 * A TCP proxy to the server of a URL, which is in `url` with the port of the proxy. While it is `cut`,
 * connections break; while it is `silent`, data waits.
 */
export async function startTcpProxy(target: string, options: ProxyOptions = {}) {
  const { transfer = (_, write) => write() } = options;
  const { hostname, port } = new URL(target);
  let state: 'open' | 'cut' | 'silent' = 'open';
  let waiting: (() => void)[] = [];
  const pairs = new Set<Socket>();
  const server = await startTcpServer((client) => {
    if (state === 'cut') return client.destroy();
    const upstream = connect(Number(port), hostname).on('error', () => {});
    for (const [from, to, direction] of [
      [client, upstream, 'request'],
      [upstream, client, 'response'],
    ] as const) {
      pairs.add(from);
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => {
        const write = () => void to.write(bytes);
        if (state === 'silent') waiting.push(write);
        else transfer(direction, write, bytes);
      });
    }
  });
  return {
    url: Object.assign(new URL(target), { hostname: '127.0.0.1', port: String(server.port) }).href,
    set(next: typeof state) {
      state = next;
      if (next === 'cut') server.destroyAll();
      for (const write of waiting) write();
      waiting = [];
    },
    /** Drops all traffic of the current connections; later ones work. */
    dropTraffic() {
      for (const socket of pairs) socket.removeAllListeners('data').resume();
    },
    close: server.close,
  };
}
