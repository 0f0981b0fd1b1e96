import pino, {
  type ChildLoggerOptions,
  type DestinationStream,
  type Level,
  type LoggerOptions,
  type Logger as PinoLogger,
} from 'pino';
import { currentContext } from './context.ts';
import { redact, scrub, scrubLines } from './redaction.ts';
import { forLog, type ObserveLine, toObserved } from './told.ts';

/** Pino's logger; `child(fields)` adds fields to every line. */
export interface Logger extends Omit<PinoLogger, 'child'> {
  child(fields: object, options?: ChildLoggerOptions): Logger;
  /** Measures work: call it, then call what it returned; logs `ms` at debug level. */
  time(what: string): (fields?: object) => void;
}

/** What is written, and for whom. */
export interface LoggingOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  format: 'json' | 'pretty';
}

/** Another place for lines, beside standard output. It gets clean JSON and must not wait. */
export interface LogTransport {
  /** Lines below are not for it. */
  level: Level;
  write(line: string): void | Promise<void>;
  /** Writes out what it still holds, within the deadline. */
  close?(deadlineMs: number): Promise<void>;
}

/**
 * Builds the logger of a service, without a worker thread, which would not survive a bundle. JSON
 * is collected for a moment, and written out when the process exits or fails.
 */
export function createLogger(
  { level, format }: LoggingOptions,
  base: { service: string; replica: string },
  destination?: DestinationStream,
  transports: readonly LogTransport[] = [],
  observe?: ObserveLine,
): Logger {
  const main = destination ? cleaned(formatted(format, destination)) : standardOutput(format);
  const options: LoggerOptions = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => ({ ...currentContext() }),
    // Already plain: Pino's own serializer would fold the causes into one text.
    serializers: { err: (err) => err },
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      logMethod(args, method, level) {
        const clean = forLog(args);
        method.apply(this, clean as typeof args);
        if (observe) attempt(() => observe(toObserved(args[0], clean, level)));
      },
    },
  };
  return withOurMethods(pino(options, level === 'silent' ? main : among(main, transports)));
}

/** How much goes out together at most, and how long a line waits for others. */
const COLLECTED_LENGTH = 8_192;
const COLLECTED_MS = 25;

let collected: ReturnType<typeof collectTo> | undefined;

/** One for the process, however many loggers it has. */
function standardOutput(format: LoggingOptions['format']): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  if (format === 'pretty') return cleaned(prettyTo(output));
  if (collected) return collected;
  const lines = collectTo((text) => output.write(text));
  // Also the way out of an error that nobody caught. What kill -9 takes is a moment's lines.
  process.on('exit', () => {
    lines.flushSync();
    output.flushSync();
  });
  collected = lines;
  return lines;
}

/** Collects lines, and takes the secrets out of all of them at once. */
function collectTo(write: (lines: string) => unknown) {
  let lines: string[] = [];
  let length = 0;
  let timer: Timer | undefined;
  function flushSync(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) write(scrubLines(lines));
    lines = [];
    length = 0;
  }
  return {
    write(line: string) {
      lines.push(line);
      length += line.length;
      if (length >= COLLECTED_LENGTH) flushSync();
      else timer ??= setTimeout(flushSync, COLLECTED_MS).unref();
    },
    flushSync,
    /** Pino's `log.flush` calls it. */
    flush(done: () => void) {
      flushSync();
      done();
    },
  };
}

const cleaned = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(scrub(line)),
});

const formatted = (format: LoggingOptions['format'], destination: DestinationStream) =>
  format === 'json' ? destination : prettyTo(destination);

function prettyTo(destination: DestinationStream) {
  const ignore = 'pid,hostname,service,replica';
  // For people only: the services in their places never load it.
  const pretty: typeof import('pino-pretty') = require('pino-pretty');
  return pretty({ destination, sync: true, singleLine: true, ignore });
}

function among(main: DestinationStream, transports: readonly LogTransport[]): DestinationStream {
  if (transports.length === 0) return main;
  const others = transports.map((transport) => ({
    level: transport.level,
    stream: { write: (line: string) => attempt(() => transport.write(scrub(line))) },
  }));
  return pino.multistream([{ level: 'trace', stream: main }, ...others]);
}

// Whatever is wrong with a transport, it is no reason for the service to fail.
function attempt(work: () => unknown): void {
  try {
    const outcome = work();
    if (outcome instanceof Promise) outcome.catch(() => {});
  } catch {}
}

type Child = (this: PinoLogger, bindings: object, options?: ChildLoggerOptions) => PinoLogger;

// Pino does not run `formatters.bindings` for a child; children inherit these methods.
function withOurMethods(log: PinoLogger): Logger {
  const child: Child = log.child;
  return Object.assign(log, {
    child(this: PinoLogger, bindings: object, options?: ChildLoggerOptions) {
      return child.call(this, redact(bindings) as object, options);
    },
    time(this: PinoLogger, what: string) {
      const startedAt = performance.now();
      return (fields: object = {}) => {
        this.debug({ ...fields, ms: Math.round((performance.now() - startedAt) * 10) / 10 }, what);
      };
    },
  }) as unknown as Logger;
}

/** Writes out what is still buffered; the last thing before the process ends. */
export function flush(log: Logger): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()));
}
