import { InitializationError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import { exitOnSignals } from './exit-on-signals.ts';
import { sortByDependencies } from './sort-by-dependencies.ts';

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

/** State of one startup hook and its duration in milliseconds. */
export interface HookStatus {
  name: string;
  state: 'pending' | 'starting' | 'started' | 'failed';
  ms: number;
}

/** State of the whole service. */
export type LifecycleState = 'created' | 'starting' | 'ready' | 'stopping' | 'stopped';

/** A part with a startup hook, a shutdown hook, or both. */
export interface LifecyclePart {
  start?: Hook;
  stop?: Hook;
}

/** Starts the parts of a service in order and stops them in reverse. */
export interface ApplicationLifecycle {
  /** Registers both hooks of a part; it starts after its dependencies. */
  register(name: string, part: LifecyclePart, dependsOn?: readonly string[]): void;
  registerStartupHook(name: string, run: Hook, dependsOn?: readonly string[]): void;
  /** Runs in reverse order of registration, with a timeout (default: `shutdownTimeoutMs`). */
  registerShutdownHook(name: string, run: Hook, options?: { timeoutMs?: number }): void;
  /** Throws InitializationError after stopping what has started. */
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
    if (state !== 'created') throw new InitializationError(`The service is already ${state}`);
    const ordered = sortByDependencies(startup);
    hooks = ordered.map(({ name }) => ({ name, state: 'pending', ms: 0 }));
    state = 'starting';
    for (const [index, { name, run }] of ordered.entries()) {
      const failure = await runHook(run, (change) => {
        hooks[index] = { name, ...change };
      });
      if (failure) {
        log.error({ hooks }, 'service: startup hook failed');
        await stop(`startup hook ${name} failed`);
        throw new InitializationError(`Startup hook ${name} failed`, failure);
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
        log.error({ hook: name, err: error }, 'service: shutdown hook failed');
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
    onSignals: () => exitOnSignals(stop, log),
    status: () => ({ state, hooks: [...hooks] }),
    get isReady() {
      return state === 'ready';
    },
  };
}

async function runHook(
  run: Hook,
  report: (change: Omit<HookStatus, 'name'>) => void,
): Promise<{ cause: unknown } | undefined> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  report({ state: 'starting', ms: 0 });
  try {
    await run();
    report({ state: 'started', ms: ms() });
    return undefined;
  } catch (cause) {
    report({ state: 'failed', ms: ms() });
    return { cause };
  }
}
