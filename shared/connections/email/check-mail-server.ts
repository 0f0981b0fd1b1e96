import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NetworkError } from '@insightdesk/shared/errors';
import type { SmtpOptions } from './smtp-mailer.ts';

const MAX_GREETING_BYTES = 4096;

/**
 * Waits for the mail server to say that it is ready, without signing in; needs a tenth of the memory
 * of a letter. Throws NetworkError.
 */
export function checkMailServer(
  { host, port, secure }: Pick<SmtpOptions, 'host' | 'port' | 'secure'>,
  timeoutMs = 2_000,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const name = isIP(host) ? {} : { servername: host };
  const socket: Socket = secure ? connectTls({ host, port, ...name }) : connect({ host, port });
  const fail = (why: string, cause?: unknown) =>
    reject(new NetworkError(`The mail server ${why}`, { cause }));
  const timer = setTimeout(() => fail(`was silent for ${timeoutMs} ms`), timeoutMs);
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
    if (/^220[ -]/.test(said)) {
      socket.end('QUIT\r\n');
      resolve();
    } else if (said.includes('\n') || said.length > MAX_GREETING_BYTES) fail('is not ready');
  });
  socket.on('error', (error) => fail('cannot be reached', error));
  socket.on('close', () => fail('hung up'));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroySoon();
  });
}
