import { InitializationError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import { endOnSignals } from './end-on-signals.ts';
import { inOrder } from './order.ts';

type Hook = () => void | Promise<void>;

interface StartupHook {
  name: string;
  run: Hook;
  dependsOn: readonly string[];
}

interface ShutdownHook {
  name: string;
  run: Hook;
  timeoutMs: number;
}

/** Where one part's start stands, and how long it took in milliseconds. */
export interface HookStatus {
  name: string;
  state: 'pending' | 'starting' | 'started' | 'failed';
  ms: number;
}

/** What a service is doing as a whole. */
export type LifecycleState = 'created' | 'starting' | 'ready' | 'stopping' | 'stopped';

/** Something that runs from the start of a service until its stop. */
export interface Running {
  start?: Hook;
  stop?: Hook;
}

/** Starts a service's parts in order and stops them in reverse. */
export interface ApplicationLifecycle {
  /** Both hooks of one part under its name; it starts after those that it depends on. */
  register(name: string, part: Running, dependsOn?: readonly string[]): void;
  registerStartupHook(name: string, run: Hook, dependsOn?: readonly string[]): void;
  /** Run in reverse order of registration, each with a deadline (default: the whole one). */
  registerShutdownHook(name: string, run: Hook, options?: { timeoutMs?: number }): void;
  /** Throws InitializationError after undoing a half-finished start. */
  start(): Promise<void>;
  /** Stops once; later calls wait for the same stop. */
  stop(reason: string): Promise<void>;
  /** SIGTERM, SIGINT and fatal errors stop the service and end the process. */
  onSignals(): void;
  status(): { state: LifecycleState; hooks: HookStatus[] };
  readonly isReady: boolean;
}

/** Builds the lifecycle of one service. */
export function createLifecycle({
  log,
  shutdownTimeoutMs,
}: {
  log: Logger;
  shutdownTimeoutMs: number;
}): ApplicationLifecycle {
  const startup: StartupHook[] = [];
  const shutdown: ShutdownHook[] = [];
  let hooks: HookStatus[] = [];
  let state: LifecycleState = 'created';
  let stopping: Promise<void> | undefined;

  async function start(): Promise<void> {
    if (state !== 'created') throw new InitializationError(`The service is ${state} already`);
    const ordered = inOrder(startup);
    hooks = ordered.map(({ name }) => ({ name, state: 'pending', ms: 0 }));
    state = 'starting';
    for (const [index, { name, run }] of ordered.entries()) {
      const failure = await startOne(run, (change) => {
        hooks[index] = { name, ...change };
      });
      if (failure) {
        log.error({ hooks }, 'service: a part did not start');
        await stop(`${name} did not start`);
        throw new InitializationError(`${name} did not start`, failure);
      }
      if (stopping !== undefined) return stopping;
    }
    state = 'ready';
    log.info({ hooks }, 'service: ready');
  }

  function stop(reason: string): Promise<void> {
    stopping ??= runShutdown(reason);
    return stopping;
  }

  async function runShutdown(reason: string): Promise<void> {
    state = 'stopping';
    log.info({ reason }, 'service: stopping');
    for (const { name, run, timeoutMs } of shutdown.toReversed()) {
      await withTimeout(async () => run(), timeoutMs).catch((error) => {
        log.error({ hook: name, err: error }, 'service: a part did not stop');
      });
    }
    state = 'stopped';
  }

  return {
    register: (name, part, dependsOn = []) => {
      if (part.start) startup.push({ name, run: () => part.start?.(), dependsOn });
      if (part.stop)
        shutdown.push({ name, run: () => part.stop?.(), timeoutMs: shutdownTimeoutMs });
    },
    registerStartupHook: (name, run, dependsOn = []) => {
      startup.push({ name, run, dependsOn });
    },
    registerShutdownHook: (name, run, { timeoutMs = shutdownTimeoutMs } = {}) => {
      shutdown.push({ name, run, timeoutMs });
    },
    start,
    stop,
    onSignals: () => endOnSignals(stop, log),
    status: () => ({ state, hooks: [...hooks] }),
    get isReady() {
      return state === 'ready';
    },
  };
}

async function startOne(
  run: Hook,
  tell: (change: Omit<HookStatus, 'name'>) => void,
): Promise<{ cause: unknown } | undefined> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  tell({ state: 'starting', ms: 0 });
  try {
    await run();
    tell({ state: 'started', ms: ms() });
    return undefined;
  } catch (cause) {
    tell({ state: 'failed', ms: ms() });
    return { cause };
  }
}
