import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import { z } from 'zod';
import type { LogTransport } from './create-logger.ts';
import { createLineBuffer } from './line-buffer.ts';
import type { OnLost } from './losses.ts';

/** What a module of one's own may export as `default`, or a function that gives it. */
export type CustomTransport =
  | LogTransport
  | ((about: { service: string; replica: string }) => LogTransport | Promise<LogTransport>);

const shape = z.object({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  write: z.custom<LogTransport['write']>((value) => typeof value === 'function'),
  close: z.custom<LogTransport['close']>((value) => typeof value === 'function').optional(),
});

const LOAD_MS = 10_000;
/** For one line. */
const WRITE_MS = 5_000;
/** Nobody's requests are answered while a transport computes. */
const BLOCKING_MS = 250;
const REST_MS = 10_000;

/** Loads transports from the modules at `paths`; throws ConfigurationError that names the faulty one. */
export function loadTransports(
  paths: readonly string[],
  about: { service: string; replica: string },
  onLost: (path: string) => OnLost,
): Promise<LogTransport[]> {
  return Promise.all(paths.map(async (path) => sheltered(await load(path, about), onLost(path))));
}

async function load(
  path: string,
  about: { service: string; replica: string },
): Promise<LogTransport> {
  const file = isAbsolute(path) ? path : resolve(path);
  try {
    return await withTimeout(async () => {
      const { default: given } = await import(pathToFileURL(file).href);
      const transport = typeof given === 'function' ? await given(about) : given;
      shape.parse(transport);
      return transport as LogTransport;
    }, LOAD_MS);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ConfigurationError(`LOG_TRANSPORTS: ${path} gives no log transport: ${why}`, {
      cause,
    });
  }
}

/** Whatever the transport does, whoever logs does not notice; one that takes too long has to rest. */
export function sheltered(
  transport: LogTransport,
  onLost: OnLost,
  { writeMs = WRITE_MS, blockingMs = BLOCKING_MS, restMs = REST_MS } = {},
): LogTransport {
  let restsUntil = 0;
  const rest = (why: string) => {
    restsUntil = performance.now() + restMs;
    return new Error(why);
  };

  async function write(line: string): Promise<void> {
    if (performance.now() < restsUntil) throw new Error('It rests, as it was too slow');
    const startedAt = performance.now();
    const writing = transport.write(line);
    // Also where nobody waits for it any more, a rejection must not end the process.
    if (writing instanceof Promise) writing.catch(() => {});
    if (performance.now() - startedAt > blockingMs) throw rest('It holds everything up');
    if (!(writing instanceof Promise)) return;
    await withTimeout(writing, writeMs).catch((error) => {
      const isLate = error?.code === 'TIMEOUT';
      throw isLate ? rest('It does not come to an end') : error;
    });
  }

  const buffer = createLineBuffer({
    onLost,
    async take(lines) {
      for (const line of lines) {
        await write(line).catch((error: unknown) => buffer.lose(1, error));
      }
    },
  });
  return {
    level: transport.level,
    write: buffer.add,
    async close(deadlineMs) {
      const endsAt = performance.now() + deadlineMs;
      await buffer.close(deadlineMs / 2);
      const left = Math.max(1, endsAt - performance.now());
      await withTimeout(async () => transport.close?.(left), left).catch(() => {});
    },
  };
}
