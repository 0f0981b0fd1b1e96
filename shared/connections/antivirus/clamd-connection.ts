import { connect } from 'node:net';

/** clamd did not respond as expected; the message is for logs only. */
export class ScannerError extends Error {
  override readonly name: string = 'ScannerError';
}

/** clamd closed the connection, perhaps because of the file. */
export class ScannerConnectionClosedError extends ScannerError {
  override readonly name = 'ScannerConnectionClosedError';
}

/** A connection for one command. Every failure is a ScannerError. */
export interface ClamdConnection {
  /** Resolves when clamd has accepted the bytes, or has already responded. */
  send(bytes: Uint8Array): Promise<void>;
  /** Aborts once clamd has responded or failed: no more bytes are needed. */
  finished: AbortSignal;
  /** The response, without the NUL that terminates it. */
  response(): Promise<string>;
  close(): void;
}

interface Timeouts {
  connectTimeoutMs: number;
  responseTimeoutMs: number;
}

const MAX_RESPONSE_BYTES = 4096;

/** Connects to `tcp://host:port` or `unix:///path`. */
export function connectToClamd(
  url: string,
  { connectTimeoutMs, responseTimeoutMs }: Timeouts,
): ClamdConnection {
  const socket = connect(socketOptions(url));
  const response = Promise.withResolvers<string>();
  const connected = Promise.withResolvers<void>();
  const finished = new AbortController();
  let received = '';
  let isConnected = false;
  const fail = (reason: string, FailureClass = ScannerError, cause?: unknown) => {
    const failure = new FailureClass(`The antivirus ${reason}`, { cause });
    response.reject(failure);
    connected.reject(failure);
    finished.abort(failure);
  };
  const succeed = () => {
    response.resolve(received);
    finished.abort(new ScannerError('The antivirus has responded'));
  };
  for (const { promise } of [response, connected]) promise.catch(() => undefined);
  const onClosed = (cause?: unknown) =>
    fail('closed the connection', isConnected ? ScannerConnectionClosedError : ScannerError, cause);
  socket.on('connect', () => {
    isConnected = true;
    connected.resolve();
  });
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    const end = received.indexOf('\0');
    if (end >= 0) received = received.slice(0, end);
    if (end >= 0) succeed();
    else if (received.length > MAX_RESPONSE_BYTES) fail('sent a response that is too long');
  });
  socket.on('error', onClosed);
  socket.on('close', () => onClosed());

  /** Each wait has its own timeout, because a slow source does not mean that clamd is unresponsive. */
  async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
    const timer = setTimeout(() => fail(`did not respond within ${ms} ms`), ms);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async send(bytes) {
      await withTimeout(connected.promise, connectTimeoutMs);
      if (finished.signal.aborted) return void (await response.promise);
      if (socket.write(bytes)) return;
      const drained = new Promise<void>((resolve) => void socket.once('drain', resolve));
      await withTimeout(Promise.race([drained, response.promise]), responseTimeoutMs);
    },
    finished: finished.signal,
    response: () => withTimeout(response.promise, responseTimeoutMs),
    close: () => {
      socket.destroy();
      fail('was disconnected');
    },
  };
}

function socketOptions(url: string) {
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname) };
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3310) };
}
