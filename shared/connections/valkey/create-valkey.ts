import { Redis, type RedisOptions } from 'iovalkey';
import { throttleErrors } from './throttle-errors.ts';

/** A connection to Valkey; reconnects by itself forever. */
export type Valkey = Redis;

export interface ValkeyOptions {
  /** Shown by CLIENT LIST. */
  name: string;
  /**
   * `command`: short commands, each fails after 5 s. `subscriber` and `blocking`: commands wait
   * without limit, outages included.
   */
  role: 'command' | 'subscriber' | 'blocking';
  /** Receives connection errors, at most one per second. */
  onError: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
/** A connection with unanswered commands counts as lost after this long without data. */
const SOCKET_TIMEOUT_MS = 6_000;
const MAX_RECONNECT_DELAY_MS = 2_000;
const MAX_LOADING_RETRY_MS = 250;
const RESUBSCRIBE_RETRY_MS = 1_000;
const subscribeCommands = new Set(['subscribe', 'psubscribe']);

/** Connects to `valkey://`, `valkeys://` (TLS), `redis://` or `rediss://`; does not throw afterwards. */
export function createValkey(url: string, { name, role, onError }: ValkeyOptions): Valkey {
  const valkey = new Redis(url, {
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: null,
    // A server that has just begun to load overestimates how long it will take.
    maxLoadingRetryTime: MAX_LOADING_RETRY_MS,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...timeouts[role],
  });
  const report = throttleErrors(onError);
  valkey.on('error', report);
  if (role === 'subscriber') handleResubscribeErrors(valkey, report);
  return valkey;
}

// After a reconnect the client subscribes again without handling the result: an error or a close
// would be an unhandled rejection, which ends the process, and the subscription would be lost.
function handleResubscribeErrors(valkey: Valkey, report: (error: Error) => void): void {
  const send = valkey.sendCommand.bind(valkey);
  valkey.sendCommand = (command, stream) => {
    const { name, args } = command;
    if (subscribeCommands.has(name)) {
      command.promise.catch((error) => {
        if (valkey.status === 'end') return;
        report(error);
        setTimeout(() => void valkey.call(name, args as string[]), RESUBSCRIBE_RETRY_MS);
      });
    }
    return send(command, stream);
  };
}

const timeouts: Record<ValkeyOptions['role'], RedisOptions> = {
  command: { commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
  // A server that is still loading accepts subscriptions, but after them no ready check.
  subscriber: { socketTimeout: SOCKET_TIMEOUT_MS, enableReadyCheck: false },
  blocking: {},
};

/** An exponential delay with jitter, so that replicas do not reconnect at the same time. */
export function reconnectDelayMs(attempt: number): number {
  const maxMs = Math.min(MAX_RECONNECT_DELAY_MS, 50 * 2 ** Math.min(attempt, 10));
  return Math.round(maxMs * (0.5 + Math.random() / 2));
}
