import { Redis, type RedisOptions } from 'iovalkey';
import { throttleErrors } from './throttle-errors.ts';

/** A connection to Valkey; reconnects by itself for ever. */
export type Valkey = Redis;

export interface ValkeyOptions {
  /** Shown by CLIENT LIST. */
  name: string;
  /**
   * `command`: short commands, each fails after 5 s. `subscriber` and `blocking`: commands may wait
   * for as long as it takes, outages included.
   */
  role: 'command' | 'subscriber' | 'blocking';
  /** Told of connection errors, at most once per second. */
  onError: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
/** A peer that vanished without a word is noticed after this long, when something was asked. */
const SILENCE_MS = 6_000;
const RECONNECT_MAX_MS = 2_000;
const LOADING_RETRY_MS = 250;
const RENEWAL_RETRY_MS = 1_000;
const subscribing = new Set(['subscribe', 'psubscribe']);

/** Connects to `valkey://`, `valkeys://` (TLS) or their redis spellings; never throws later on. */
export function createValkey(url: string, { name, role, onError }: ValkeyOptions): Valkey {
  const valkey = new Redis(url, {
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: null,
    // A server that has just begun to load guesses wildly how long it will take.
    maxLoadingRetryTime: LOADING_RETRY_MS,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...timeouts[role],
  });
  const report = throttleErrors(onError);
  valkey.on('error', report);
  if (role === 'subscriber') answerForRenewals(valkey, report);
  return valkey;
}

// After a reconnect the client subscribes again and awaits no answer. A refusal, or a close before
// the answer, would be a rejection that nobody handles, which ends a process; and the subscription
// would be forgotten.
function answerForRenewals(valkey: Valkey, report: (error: Error) => void): void {
  const send = valkey.sendCommand.bind(valkey);
  valkey.sendCommand = (command, stream) => {
    const { name, args } = command;
    if (subscribing.has(name)) {
      command.promise.catch((error) => {
        if (valkey.status === 'end') return;
        report(error);
        setTimeout(() => void valkey.call(name, args as string[]), RENEWAL_RETRY_MS);
      });
    }
    return send(command, stream);
  };
}

const timeouts: Record<ValkeyOptions['role'], RedisOptions> = {
  command: { commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: SILENCE_MS },
  // A server that is still loading takes subscriptions, but then no question whether it is ready.
  subscriber: { socketTimeout: SILENCE_MS, enableReadyCheck: false },
  blocking: {},
};

/** Full jitter between half and all of an exponential delay, so that replicas do not come as one. */
export function reconnectDelayMs(attempt: number): number {
  const ceilingMs = Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(attempt, 10));
  return Math.round(ceilingMs * (0.5 + Math.random() / 2));
}
