import { afterEach, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { DomainValidationError, UnavailableError } from '@insightdesk/shared/errors';
import { startTcpServer } from '@insightdesk/shared/testing';
import { type AntivirusOptions, createAntivirus } from './index.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server that handles each connection with `handle`; returns its URL. */
async function startServer(handle: (socket: Socket) => void): Promise<string> {
  const server = await startTcpServer(handle);
  servers.push(server);
  return `tcp://127.0.0.1:${server.port}`;
}

/** Answers after the chunk of length 0 that ends a stream. */
const respondingWith = (response: string) => (socket: Socket) => {
  let tail = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    tail = Buffer.concat([tail, bytes]).subarray(-4);
    if (tail.equals(Buffer.alloc(4))) socket.end(response);
  });
};

const open = (url: string, options: Partial<AntivirusOptions> = {}) =>
  createAntivirus({ url, mode: 'fail-closed', maxBytes: 1_000_000, ...options });
const text = new TextEncoder().encode('hello');
const unlimited = (onCancel = () => {}) =>
  new ReadableStream<Uint8Array>({
    pull: (to) => to.enqueue(new Uint8Array(50_000).fill(1)),
    cancel: onCancel,
  });

test('without a URL the antivirus is disabled, and every file is clean and unread', async () => {
  const antivirus = createAntivirus({ url: undefined, mode: 'fail-closed', maxBytes: 1 });
  const cancelled = Promise.withResolvers<void>();
  expect(antivirus.isEnabled).toBe(false);
  expect(await antivirus.scan(unlimited(cancelled.resolve))).toEqual({ clean: true });
  await cancelled.promise;
});

test.each([
  ['stream: OK\0', { clean: true }],
  ['stream: Win.Test FOUND\0', { clean: false, found: 'Win.Test' }],
] as const)('the response %j is parsed', async (response, verdict) => {
  expect(await open(await startServer(respondingWith(response))).scan(text)).toEqual(verdict);
});

const failing: [string, (socket: Socket) => void][] = [
  ['responds with ERROR', respondingWith('stream: Can not allocate memory ERROR\0')],
  ['responds with another protocol', respondingWith('220 mail.example ESMTP\0')],
  ['does not respond', (socket) => socket.resume()],
  ['does not read', (socket) => socket.pause()],
  ['sends a response that is too long', (socket) => socket.resume().write('x'.repeat(100_000))],
];

test.each(failing)(
  'when clamd %s, fail-closed is unavailable and fail-open is clean',
  async (_, handle) => {
    const url = await startServer(handle);
    const source = new Uint8Array(900_000).fill(1);
    const failClosed = open(url, { responseTimeoutMs: 200 });
    const failure = await failClosed.scan(source).catch((error) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE', retryable: true });
    expect(failure.detail).not.toContain('127.0.0.1');
    const failOpen = open(url, { responseTimeoutMs: 200, mode: 'fail-open' });
    expect(await failOpen.scan(source)).toEqual({ clean: true });
  },
);

test.each([
  ['closes within its response', respondingWith('stream: OK')],
  ['closes the connection', (socket: Socket) => socket.end()],
  [
    'resets the connection',
    (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
  ],
] as const)('when clamd %s, the file is not clean in either mode', async (_, handle) => {
  const url = await startServer(handle);
  for (const mode of ['fail-closed', 'fail-open'] as const) {
    const scanned = open(url, { mode }).scan(new Uint8Array(900_000).fill(1));
    await expect(scanned).rejects.toMatchObject({
      code: 'ANTIVIRUS_UNAVAILABLE',
      retryable: true,
    });
  }
});

test('an unreachable clamd is unavailable, or clean with fail-open', async () => {
  for (const url of ['tcp://127.0.0.1:1', 'unix:///nowhere/clamd.ctl']) {
    await expect(open(url).scan(text)).rejects.toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE' });
    expect(await open(url, { mode: 'fail-open' }).scan(text)).toEqual({ clean: true });
  }
});

test.each(['fail-closed', 'fail-open'] as const)(
  '%s: a file over the limit is rejected and its source is cancelled',
  async (mode) => {
    const cancelled = Promise.withResolvers<void>();
    const ownLimit = open(await startServer((socket) => socket.resume()), { mode });
    const refusal = { code: 'FILE_NOT_SCANNABLE', retryable: false };
    await expect(ownLimit.scan(unlimited(cancelled.resolve))).rejects.toMatchObject(refusal);
    await cancelled.promise;
    const early = (socket: Socket) =>
      socket.resume().write('INSTREAM size limit exceeded. ERROR\0');
    const clamdLimit = open(await startServer(early), { mode, maxBytes: 1e12 });
    await expect(clamdLimit.scan(unlimited())).rejects.toBeInstanceOf(DomainValidationError);
  },
);

test.each(['fail-closed', 'fail-open'] as const)(
  '%s: an error of the source and an abort are rethrown',
  async (mode) => {
    const antivirus = open(await startServer((socket) => socket.resume()), { mode });
    const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error('disk')) });
    await expect(antivirus.scan(broken)).rejects.toThrow('disk');
    const { signal, abort } = abortable();
    const waiting = antivirus.scan(text, { signal });
    abort();
    await expect(waiting).rejects.toThrow('gone');
    await expect(antivirus.scan(text, { signal })).rejects.toThrow('gone');
  },
);

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('gone')) };
}
