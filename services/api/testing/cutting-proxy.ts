import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that balances over `ports` and closes connections after a given number of bytes. */
export async function startCuttingProxy(ports: readonly number[]) {
  let byteLimits: number[] = [];
  const sockets = new Set<Socket>();
  let next = 0;
  let cutCount = 0;
  const server = createServer((client) => {
    const upstream = connect(ports[next++ % ports.length] ?? 0, '127.0.0.1');
    let remaining = byteLimits.shift() ?? Number.POSITIVE_INFINITY;
    const closeBoth = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', closeBoth).on('close', closeBoth);
    }
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      upstream.write(bytes.subarray(0, Math.min(remaining, bytes.length)));
      remaining -= bytes.length;
      if (remaining > 0) return;
      cutCount++;
      // Closed gracefully: a reset would discard the bytes already sent.
      upstream.end(() => closeBoth());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** Byte limits of the next connections, in order; later ones are not cut. */
    cutAfter(...bytes: number[]) {
      byteLimits = bytes;
      // Idle connections would not be cut.
      for (const socket of sockets) socket.destroy();
    },
    cutCount: () => cutCount,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
