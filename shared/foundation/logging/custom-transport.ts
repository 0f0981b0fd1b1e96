import { loadExport } from '@insightdesk/shared/files';
import { withTimeout } from '@insightdesk/shared/promises';
import { z } from 'zod';
import type { LogTransport } from './create-logger.ts';
import { createLineBuffer } from './line-buffer.ts';
import type { OnLost } from './loss-counter.ts';

/** The default export of a transport module: a transport, or a function that returns one. */
export type CustomTransport =
  | LogTransport
  | ((base: { service: string; replica: string }) => LogTransport | Promise<LogTransport>);

const transportSchema = z.object({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  write: z.custom<LogTransport['write']>((value) => typeof value === 'function'),
  close: z.custom<LogTransport['close']>((value) => typeof value === 'function').optional(),
});

/** For one line. */
const WRITE_TIMEOUT_MS = 5_000;
/** A transport that computes blocks the event loop, so no request is answered. */
const MAX_BLOCKING_MS = 250;
const PAUSE_MS = 10_000;

/** Loads transports from the modules at `paths`; throws ConfigurationError with the invalid path. */
export function loadTransports(
  paths: readonly string[],
  base: { service: string; replica: string },
  onLost: (path: string) => OnLost,
): Promise<LogTransport[]> {
  return Promise.all(
    paths.map(async (path) => isolateTransport(await load(path, base), onLost(path))),
  );
}

const load = (path: string, base: { service: string; replica: string }): Promise<LogTransport> =>
  loadExport(path, {
    setting: 'LOG_TRANSPORTS',
    expected: 'a log transport',
    schema: transportSchema,
    argument: base,
  });

/**
 * Isolates the service from a transport: an error or a slow write loses lines only, and a transport
 * that is too slow is paused.
 */
export function isolateTransport(
  transport: LogTransport,
  onLost: OnLost,
  { writeTimeoutMs = WRITE_TIMEOUT_MS, maxBlockingMs = MAX_BLOCKING_MS, pauseMs = PAUSE_MS } = {},
): LogTransport {
  let pausedUntil = 0;
  const pause = (reason: string) => {
    pausedUntil = performance.now() + pauseMs;
    return new Error(reason);
  };

  async function write(line: string): Promise<void> {
    if (performance.now() < pausedUntil)
      throw new Error('The transport is paused, it was too slow');
    const startedAt = performance.now();
    const writing = transport.write(line);
    // A rejection after the timeout must not end the process.
    if (writing instanceof Promise) writing.catch(() => {});
    if (performance.now() - startedAt > maxBlockingMs) {
      throw pause('The transport blocked the event loop');
    }
    if (!(writing instanceof Promise)) return;
    await withTimeout(writing, writeTimeoutMs).catch((error) => {
      throw error?.code === 'TIMEOUT' ? pause('Timed out writing a line') : error;
    });
  }

  const buffer = createLineBuffer({
    onLost,
    async write(lines) {
      for (const line of lines) {
        await write(line).catch((error: unknown) => buffer.addLost(1, error));
      }
    },
  });
  return {
    level: transport.level,
    write: buffer.add,
    async close(deadlineMs) {
      const endsAt = performance.now() + deadlineMs;
      await buffer.close(deadlineMs / 2);
      const remainingMs = Math.max(1, endsAt - performance.now());
      await withTimeout(async () => transport.close?.(remainingMs), remainingMs).catch(() => {});
    },
  };
}
