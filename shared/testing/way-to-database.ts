import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { testEnvironment } from './environment.ts';

/** A way to PostgreSQL on which bytes may wait, or get lost without a word. Close it after the tests. */
export async function openWayToDatabase({ open = Promise.resolve() as Promise<unknown> } = {}) {
  const { hostname, port } = new URL(testEnvironment.databaseUrl);
  const sockets: Socket[] = [];
  const forward = (near: Socket) => {
    const far = connect(Number(port || 5432), hostname);
    sockets.push(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  };
  const server = createServer((near) => {
    sockets.push(near);
    void open.then(() => forward(near));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: nearPort } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(testEnvironment.databaseUrl), { port: String(nearPort) }).href,
    /** What is connected now hears nothing any more; who comes later does. */
    swallow() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
