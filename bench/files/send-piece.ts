import { connect, type TLSSocket } from 'node:tls';

interface Piece {
  url: string;
  ca: string;
  token: string;
  offset: number;
  /** What is left of the file, from `offset` on. */
  sizeBytes: number;
  bytes: Iterable<Buffer>;
  /** Hangs up when so much of it has been sent. */
  cutAfter: number;
}

/**
 * Sends the rest of an upload in one PATCH, never more than the other side takes; resolves with the
 * status of the answer, also of one that comes before all was sent, or undefined when it has hung up.
 */
export async function sendPiece(piece: Piece): Promise<number | undefined> {
  const { url, ca } = piece;
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), servername: hostname, ca });
  const answer = statusOf(socket);
  try {
    if (await isCutAfter(socket, piece)) return undefined;
    return await answer;
  } finally {
    socket.destroy();
  }
}

/** Whether it was cut; whoever refuses answers first and then hangs up, which ends it as well. */
async function isCutAfter(socket: TLSSocket, piece: Piece): Promise<boolean> {
  let left = piece.cutAfter;
  try {
    await write(socket, headOf(piece));
    for (const chunk of piece.bytes) {
      const part = chunk.subarray(0, left);
      await write(socket, part);
      left -= part.byteLength;
      if (left <= 0) return true;
    }
  } catch {
    // The answer tells more.
  }
  return false;
}

const headOf = ({ url, token, offset, sizeBytes }: Piece) => {
  const { host, pathname } = new URL(url);
  const lines = [
    `PATCH ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    'Tus-Resumable: 1.0.0',
    'Content-Type: application/offset+octet-stream',
    `Upload-Offset: ${offset}`,
    `Content-Length: ${sizeBytes}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
};

function write(socket: TLSSocket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('close', reject);
    socket.write(bytes, (error) => {
      socket.off('error', reject).off('close', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}

function statusOf(socket: TLSSocket): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  promise.catch(() => undefined);
  let head = '';
  socket
    .on('data', (bytes) => {
      head += bytes.toString('latin1');
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
      if (status) resolve(Number(status));
    })
    .on('error', reject)
    .on('close', () => reject(new Error('The other side hung up')));
  return promise;
}
