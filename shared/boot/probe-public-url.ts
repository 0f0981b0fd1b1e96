import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { withTimeout } from '@insightdesk/shared/promises';

/** Shorter than the read of a metric may take. */
const TIMEOUT_MS = 3_000;
const MAX_STATUS_LINE_BYTES = 4_096;
const PATH = '/health/live';

export interface PublicUrlProbe {
  /** Status of the response; 0 without one. */
  status: number;
  /** When the certificate expires, in seconds since 1970. */
  expiresAt?: number | undefined;
}

/**
 * Requests a page of the API through the proxy, as clients do. `hostname` is the name of the
 * certificate when the URL has another one. Any certificate is accepted: its expiry is measured.
 */
export async function probePublicUrl(url: string, hostname: string): Promise<PublicUrlProbe> {
  const target = new URL(url);
  const isTls = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = Number(target.port || (isTls ? 443 : 80));
  const name = isIP(hostname) ? {} : { servername: hostname };
  const socket: Socket = isTls
    ? connectTls({ host, port, rejectUnauthorized: false, ...name })
    : connectPlain({ host, port });
  let expiresAt: number | undefined;
  try {
    await withTimeout(once(socket, isTls ? 'secureConnect' : 'connect'), TIMEOUT_MS);
    if (isTls) {
      const { valid_to: expiry } = (socket as TLSSocket).getPeerCertificate();
      expiresAt = Date.parse(expiry) / 1_000;
    }
    socket.write(`GET ${PATH} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
    return { status: await withTimeout(readStatus(socket), TIMEOUT_MS), expiresAt };
  } catch {
    return { status: 0, expiresAt };
  } finally {
    socket.destroy();
  }
}

function once(socket: Socket, event: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, () => resolve());
  socket.once('error', reject);
  return promise;
}

function readStatus(socket: Socket): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    const [, status] = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(received) ?? [];
    if (status) resolve(Number(status));
    else if (received.length > MAX_STATUS_LINE_BYTES) reject(new Error('no status line'));
  });
  socket.on('close', () => reject(new Error('closed')));
  return promise;
}
