import { connect } from 'node:net';

/** The other side did not answer as it should; the message is not for strangers. */
export class ScannerFailure extends Error {
  override readonly name = 'ScannerFailure';
}

/** A connection on which one question is asked. Every failure is a ScannerFailure. */
export interface Line {
  /** Waits until the other side takes what is sent, or has answered already. */
  send(bytes: Uint8Array): Promise<void>;
  isAnswered(): boolean;
  /** What it says, up to the NUL that ends it. */
  answer(): Promise<string>;
  end(): void;
}

const MAX_ANSWER_BYTES = 4096;

/** Opens `tcp://host:port` or `unix:///path`; no wait is longer than `connectMs` or `silenceMs`. */
export function openLine(
  url: string,
  { connectMs, silenceMs }: { connectMs: number; silenceMs: number },
): Line {
  const socket = connect(addressOf(url));
  const answered = Promise.withResolvers<string>();
  const connected = Promise.withResolvers<void>();
  let isSettled = false;
  let said = '';
  const settle = (isSure: boolean, why = 'hung up without an answer', cause?: unknown) => {
    isSettled = true;
    const failure = new ScannerFailure(`The antivirus ${why}`, { cause });
    if (isSure) answered.resolve(said);
    else answered.reject(failure);
    connected.reject(failure);
  };
  for (const { promise } of [answered, connected]) promise.catch(() => undefined);
  socket.on('connect', () => connected.resolve());
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
    const end = said.indexOf('\0');
    if (end >= 0) said = said.slice(0, end);
    if (end >= 0) settle(true);
    else if (said.length > MAX_ANSWER_BYTES) settle(false, 'said too much');
  });
  socket.on('error', (error) => settle(false, 'was cut off', error));
  socket.on('close', () => settle(false));

  /** Its own clock for each wait: a slow source is not a silent antivirus. */
  async function within<T>(work: Promise<T>, ms: number): Promise<T> {
    const timer = setTimeout(() => settle(false, `took more than ${ms} ms`), ms);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async send(bytes) {
      await within(connected.promise, connectMs);
      if (isSettled) return void (await answered.promise);
      if (socket.write(bytes)) return;
      const drained = new Promise<void>((resolve) => void socket.once('drain', resolve));
      await within(Promise.race([drained, answered.promise]), silenceMs);
    },
    isAnswered: () => isSettled,
    answer: () => within(answered.promise, silenceMs),
    end: () => {
      socket.destroy();
      settle(false);
    },
  };
}

function addressOf(url: string) {
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname) };
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3310) };
}
