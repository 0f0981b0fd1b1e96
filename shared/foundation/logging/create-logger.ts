import pino, {
  type ChildLoggerOptions,
  type DestinationStream,
  type Level,
  type LoggerOptions,
  type Logger as PinoLogger,
} from 'pino';
import { currentContext } from './log-context.ts';
import { type LineObserver, redactArguments, toObservedLine } from './redact-arguments.ts';
import { redact, scrub, scrubLines } from './redaction.ts';

/** Pino's logger; `child(fields)` adds fields to every line. */
export interface Logger extends Omit<PinoLogger, 'child'> {
  child(fields: object, options?: ChildLoggerOptions): Logger;
  /** Starts a timer; the returned function logs `ms` at debug level. */
  time(message: string): (fields?: object) => void;
}

/** Level and format of standard output. */
export interface LoggingOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  format: 'json' | 'pretty';
}

/** Another destination beside standard output. It receives redacted JSON and must not block. */
export interface LogTransport {
  /** Minimum level of its lines. */
  level: Level;
  write(line: string): void | Promise<void>;
  /** Writes its buffered lines within the deadline. */
  close?(deadlineMs: number): Promise<void>;
}

/**
 * Builds the logger of a service, without a worker thread, which would not work in a bundle. JSON
 * lines are collected for up to 25 ms and written when the process exits or fails.
 */
export function createLogger(
  { level, format }: LoggingOptions,
  base: { service: string; replica: string },
  destination?: DestinationStream,
  transports: readonly LogTransport[] = [],
  observe?: LineObserver,
): Logger {
  const main = destination ? scrubbed(toFormat(format, destination)) : standardOutput(format);
  const options: LoggerOptions = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => ({ ...currentContext() }),
    // Already serialized: Pino's serializer would merge the causes into one text.
    serializers: { err: (err) => err },
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      logMethod(args, method, level) {
        const redacted = redactArguments(args);
        method.apply(this, redacted as typeof args);
        if (observe) ignoreErrors(() => observe(toObservedLine(args[0], redacted, level)));
      },
    },
  };
  return addMethods(pino(options, level === 'silent' ? main : withTransports(main, transports)));
}

/** Maximum length of the text that is written at once, and how long a line waits for others. */
const MAX_COLLECTED_LENGTH = 8_192;
const MAX_COLLECTED_MS = 25;

let sharedCollector: ReturnType<typeof collectLines> | undefined;

/** One for the process, also with several loggers. */
function standardOutput(format: LoggingOptions['format']): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  if (format === 'pretty') return scrubbed(prettyTo(output));
  if (sharedCollector) return sharedCollector;
  const collector = collectLines((text) => output.write(text));
  // Uncaught errors exit here as well. A kill -9 loses the collected lines.
  process.on('exit', () => {
    collector.flushSync();
    output.flushSync();
  });
  sharedCollector = collector;
  return collector;
}

/** Collects lines and scrubs all of them at once. */
function collectLines(write: (lines: string) => unknown) {
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
      if (length >= MAX_COLLECTED_LENGTH) flushSync();
      else timer ??= setTimeout(flushSync, MAX_COLLECTED_MS).unref();
    },
    flushSync,
    /** Pino's `log.flush` calls it. */
    flush(done: () => void) {
      flushSync();
      done();
    },
  };
}

const scrubbed = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(scrub(line)),
});

const toFormat = (format: LoggingOptions['format'], destination: DestinationStream) =>
  format === 'json' ? destination : prettyTo(destination);

function prettyTo(destination: DestinationStream) {
  const ignore = 'pid,hostname,service,replica';
  // For development only: deployed services never load it.
  const pretty: typeof import('pino-pretty') = require('pino-pretty');
  return pretty({ destination, sync: true, singleLine: true, ignore });
}

function withTransports(
  main: DestinationStream,
  transports: readonly LogTransport[],
): DestinationStream {
  if (transports.length === 0) return main;
  const others = transports.map((transport) => ({
    level: transport.level,
    stream: { write: (line: string) => ignoreErrors(() => transport.write(scrub(line))) },
  }));
  return pino.multistream([{ level: 'trace', stream: main }, ...others]);
}

// An error of a transport or observer must not fail the service.
function ignoreErrors(work: () => unknown): void {
  try {
    const outcome = work();
    if (outcome instanceof Promise) outcome.catch(() => {});
  } catch {}
}

type Child = (this: PinoLogger, bindings: object, options?: ChildLoggerOptions) => PinoLogger;

// Pino does not run `formatters.bindings` for a child; children inherit these methods.
function addMethods(log: PinoLogger): Logger {
  const child: Child = log.child;
  return Object.assign(log, {
    child(this: PinoLogger, bindings: object, options?: ChildLoggerOptions) {
      return child.call(this, redact(bindings) as object, options);
    },
    time(this: PinoLogger, message: string) {
      const startedAt = performance.now();
      return (fields: object = {}) => {
        this.debug(
          { ...fields, ms: Math.round((performance.now() - startedAt) * 10) / 10 },
          message,
        );
      };
    },
  }) as unknown as Logger;
}

/** Writes all buffered lines; call it last before the process ends. */
export function flush(log: Logger): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()));
}
