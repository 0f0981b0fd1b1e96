import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { testEnvironment } from './test-environment.ts';

/** A TCP proxy to PostgreSQL that can refuse connections or drop traffic. Close it after the tests. */
export async function startDatabaseProxy() {
  const { hostname, port } = new URL(testEnvironment.databaseUrl);
  const sockets: Socket[] = [];
  const forward = (client: Socket) => {
    const server = connect(Number(port || 5432), hostname);
    sockets.push(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  };
  let isOpen = true;
  const proxy = createServer((client) => {
    if (!isOpen) return client.destroy();
    sockets.push(client);
    return forward(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port: proxyPort } = proxy.address() as AddressInfo;
  return {
    url: Object.assign(new URL(testEnvironment.databaseUrl), { port: String(proxyPort) }).href,
    /** Drops all traffic of the current connections; later ones work. */
    dropTraffic() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    /** Closes the current connections; new ones are refused until it is opened again. */
    setOpen(open: boolean) {
      isOpen = open;
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
