import { afterEach, expect, test } from 'bun:test';
import { createServer, type Server, type Socket } from 'node:net';
import { DomainValidationError, UnavailableError } from '@insightdesk/shared/errors';
import { type AntivirusOptions, createAntivirus } from './index.ts';

const servers: Server[] = [];
const lines: Socket[] = [];
afterEach(() => {
  for (const line of lines.splice(0)) line.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Speaks as it is told to each who calls; `url` is where. */
async function scripted(speak: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    lines.push(socket);
    socket.on('error', () => undefined);
    speak(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return `tcp://127.0.0.1:${address.port}`;
}

/** Answers after the piece of length 0 that ends a stream. */
const answering = (answer: string) => (socket: Socket) => {
  let tail = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    tail = Buffer.concat([tail, bytes]).subarray(-4);
    if (tail.equals(Buffer.alloc(4))) socket.end(answer);
  });
};

const open = (url: string, options: Partial<AntivirusOptions> = {}) =>
  createAntivirus({ url, mode: 'fail-closed', maxBytes: 1_000_000, ...options });
const text = new TextEncoder().encode('hello');
const endless = (onCancel = () => {}) =>
  new ReadableStream<Uint8Array>({
    pull: (to) => to.enqueue(new Uint8Array(50_000).fill(1)),
    cancel: onCancel,
  });

test('without an address it is off: everything is clean, and nothing is read', async () => {
  const antivirus = createAntivirus({ url: undefined, mode: 'fail-closed', maxBytes: 1 });
  const cancelled = Promise.withResolvers<void>();
  expect(antivirus.isEnabled).toBe(false);
  expect(await antivirus.scan(endless(cancelled.resolve))).toEqual({ clean: true });
  await cancelled.promise;
});

test.each([
  ['stream: OK\0', { clean: true }],
  ['stream: Win.Test FOUND\0', { clean: false, found: 'Win.Test' }],
] as const)('%j is understood', async (answer, verdict) => {
  expect(await open(await scripted(answering(answer))).scan(text)).toEqual(verdict);
});

const failing: [string, (socket: Socket) => void][] = [
  ['says ERROR', answering('stream: Can not allocate memory ERROR\0')],
  ['says something else', answering('220 mail.example ESMTP\0')],
  ['says nothing', (socket) => socket.resume()],
  ['takes nothing', (socket) => socket.pause()],
  ['says no end', (socket) => socket.resume().write('x'.repeat(100_000))],
];

test.each(failing)('a clamd that %s cannot tell: closed waits, open passes', async (_, speak) => {
  const url = await scripted(speak);
  const source = new Uint8Array(900_000).fill(1);
  const closed = open(url, { responseTimeoutMs: 200 });
  const refused = await closed.scan(source).catch((error) => error);
  expect(refused).toBeInstanceOf(UnavailableError);
  expect(refused).toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE', retryable: true });
  expect(refused.detail).not.toContain('127.0.0.1');
  const fails = open(url, { responseTimeoutMs: 200, mode: 'fail-open' });
  expect(await fails.scan(source)).toEqual({ clean: true });
});

test.each([
  ['is cut off in its answer', answering('stream: OK')],
  ['hangs up', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
] as const)(
  'a clamd that %s may do so because of the file: no pass in either mode',
  async (_, speak) => {
    const url = await scripted(speak);
    for (const mode of ['fail-closed', 'fail-open'] as const) {
      const scanned = open(url, { mode }).scan(new Uint8Array(900_000).fill(1));
      await expect(scanned).rejects.toMatchObject({
        code: 'ANTIVIRUS_UNAVAILABLE',
        retryable: true,
      });
    }
  },
);

test('one that is not there cannot tell', async () => {
  for (const url of ['tcp://127.0.0.1:1', 'unix:///nowhere/clamd.ctl']) {
    await expect(open(url).scan(text)).rejects.toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE' });
    expect(await open(url, { mode: 'fail-open' }).scan(text)).toEqual({ clean: true });
  }
});

test.each(['fail-closed', 'fail-open'] as const)(
  '%s: what is too long is refused, by us or by clamd, and the source is cancelled',
  async (mode) => {
    const cancelled = Promise.withResolvers<void>();
    const ours = open(await scripted((socket) => socket.resume()), { mode });
    const refusal = { code: 'FILE_NOT_SCANNABLE', retryable: false };
    await expect(ours.scan(endless(cancelled.resolve))).rejects.toMatchObject(refusal);
    await cancelled.promise;
    const early = (socket: Socket) =>
      socket.resume().write('INSTREAM size limit exceeded. ERROR\0');
    const theirs = open(await scripted(early), { mode, maxBytes: 1e12 });
    await expect(theirs.scan(endless())).rejects.toBeInstanceOf(DomainValidationError);
  },
);

test.each(['fail-closed', 'fail-open'] as const)(
  '%s: a source that fails or an abort is no verdict',
  async (mode) => {
    const antivirus = open(await scripted((socket) => socket.resume()), { mode });
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
