import { connect } from 'node:net';

/** The other side did not answer as it should; the message is not for strangers. */
export class ScannerError extends Error {
  override readonly name: string = 'ScannerFailure';
}

/** It was there, and ended the connection: perhaps because of what it was sent. */
export class ScannerConnectionClosedError extends ScannerError {
  override readonly name = 'ScannerHungUp';
}

/** A connection on which one question is asked. Every failure is a ScannerFailure. */
export interface ClamdConnection {
  /** Waits until the other side takes what is sent, or has answered already. */
  send(bytes: Uint8Array): Promise<void>;
  /** Aborts once it has answered or failed: nothing more need be sent. */
  finished: AbortSignal;
  /** What it says, up to the NUL that ends it. */
  answer(): Promise<string>;
  end(): void;
}

const MAX_ANSWER_BYTES = 4096;

/** Opens `tcp://host:port` or `unix:///path`; no wait is longer than `connectMs` or `silenceMs`. */
export function connectToClamd(
  url: string,
  { connectMs, silenceMs }: { connectMs: number; silenceMs: number },
): ClamdConnection {
  const socket = connect(addressOf(url));
  const answered = Promise.withResolvers<string>();
  const connected = Promise.withResolvers<void>();
  const over = new AbortController();
  let said = '';
  let isConnected = false;
  const settle = (why?: string, Failure = ScannerError, cause?: unknown) => {
    const failure = new Failure(`The antivirus ${why}`, { cause });
    if (why === undefined) answered.resolve(said);
    else answered.reject(failure);
    connected.reject(failure);
    over.abort(failure);
  };
  for (const { promise } of [answered, connected]) promise.catch(() => undefined);
  const hangUp = (cause?: unknown) =>
    settle('was cut off', isConnected ? ScannerConnectionClosedError : ScannerError, cause);
  socket.on('connect', () => {
    isConnected = true;
    connected.resolve();
  });
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
    const end = said.indexOf('\0');
    if (end >= 0) said = said.slice(0, end);
    if (end >= 0) settle();
    else if (said.length > MAX_ANSWER_BYTES) settle('said too much');
  });
  socket.on('error', hangUp);
  socket.on('close', () => hangUp());

  /** Its own clock for each wait: a slow source is not a silent antivirus. */
  async function within<T>(work: Promise<T>, ms: number): Promise<T> {
    const timer = setTimeout(() => settle(`took more than ${ms} ms`), ms);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async send(bytes) {
      await within(connected.promise, connectMs);
      if (over.signal.aborted) return void (await answered.promise);
      if (socket.write(bytes)) return;
      const drained = new Promise<void>((resolve) => void socket.once('drain', resolve));
      await within(Promise.race([drained, answered.promise]), silenceMs);
    },
    finished: over.signal,
    answer: () => within(answered.promise, silenceMs),
    end: () => {
      socket.destroy();
      settle('was not asked any more');
    },
  };
}

function addressOf(url: string) {
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname) };
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3310) };
}
