import { connect, createServer, type Socket } from 'node:net';

/** A door before several servers in turn that hangs up on both after so many bytes. */
export async function openCuttingDoor(ports: readonly number[]) {
  let cuts: number[] = [];
  const sockets = new Set<Socket>();
  let turn = 0;
  let cut = 0;
  const server = createServer((near) => {
    const far = connect(ports[turn++ % ports.length] ?? 0, '127.0.0.1');
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    const hangUp = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', hangUp).on('close', hangUp);
    }
    far.on('data', (bytes) => near.write(bytes));
    near.on('data', (bytes) => {
      far.write(bytes.subarray(0, Math.min(left, bytes.length)));
      left -= bytes.length;
      if (left > 0) return;
      cut++;
      // What was sent is to arrive: a reset would take it back.
      far.end(() => hangUp());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** After so many bytes each of the next connections is cut, and none after them. */
    cutAfter(...bytes: number[]) {
      cuts = bytes;
      // Those that are kept for later would not be cut.
      for (const socket of sockets) socket.destroy();
    },
    cutSoFar: () => cut,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
