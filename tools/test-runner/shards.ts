import { availableParallelism } from 'node:os';
import { findRunFile } from '../stack/run-file.ts';
import { respondsOk } from '../stack/servers/http.ts';
import { createTestStack } from './test-stack.ts';

const LAST_LOG_LINES = 60;
const MAX_SHARDS = 8;
const DEFAULT_SHARDS = 2;
const RECOVERY_TIMEOUT_MS = 20_000;

/** The number of concurrent test files: `SHARDS`, at most the number of files. */
export function countShards(files: number, requested = process.env.SHARDS): number {
  const count = requested ? Number(requested) : Math.min(DEFAULT_SHARDS, availableParallelism());
  if (!Number.isInteger(count) || count < 1 || count > MAX_SHARDS) {
    throw new Error(`SHARDS is not an integer from 1 to ${MAX_SHARDS}: ${requested}`);
  }
  return Math.max(1, Math.min(count, files));
}

/** Concurrent stacks. Each one serves one test file at a time. */
export interface Shards {
  /** Starts the stacks. Returns the environments of those that started. */
  start(): Promise<Record<string, string>[]>;
  /** The number of stacks that did not start or do not respond after the tests. */
  countDead(): Promise<number>;
  showLogs(): void;
  stop(): Promise<unknown>;
  kill(): void;
  remove(): void;
}

export function createShards(count: number, print: (text: string) => void): Shards {
  // Receivers of webhooks listen on this machine.
  const variables = { WEBHOOK_ALLOW_PRIVATE: 'true', ...process.env };
  const stacks = Array.from({ length: count }, () => createTestStack({ variables }));
  const nameOf = (stack: (typeof stacks)[number]) =>
    count > 1 ? `stack ${stacks.indexOf(stack) + 1}` : 'the stack';
  let started: typeof stacks = [];

  return {
    async start() {
      const shards = await Promise.all(
        stacks.map(async (stack) => {
          try {
            const { environment } = await stack.start();
            return { stack, environment: { ...environment, INSIGHTDESK_RUN: stack.runFile } };
          } catch (error) {
            print(`${nameOf(stack)} did not start: ${(error as Error).message}`);
            return undefined;
          }
        }),
      );
      const running = shards.filter((shard) => shard !== undefined);
      started = running.map(({ stack }) => stack);
      return running.map(({ environment }) => environment);
    },
    async countDead() {
      const alive = await Promise.all(
        started.map(async (stack) => {
          const isReady = await becomesReady(stack.directory);
          if (!isReady) print(`${nameOf(stack)} does not respond after the tests`);
          return isReady;
        }),
      );
      return count - alive.filter(Boolean).length;
    },
    showLogs() {
      for (const stack of stacks) {
        print(`the last lines of ${nameOf(stack)}:\n${stack.lastLines(LAST_LOG_LINES).join('\n')}`);
      }
    },
    stop: () => Promise.all(stacks.map((stack) => stack.stop())),
    kill() {
      for (const stack of stacks) stack.kill();
    },
    remove() {
      for (const stack of stacks) stack.remove();
    },
  };
}

/** Waits until all services of a stack are ready. False after the timeout. */
async function becomesReady(directory: string): Promise<boolean> {
  const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
  for (;;) {
    const services = findRunFile(directory)?.services ?? [];
    const ready = await Promise.all(services.map(({ url }) => respondsOk(`${url}/health/ready`)));
    if (services.length > 0 && ready.every(Boolean)) return true;
    if (Date.now() > deadline) return false;
    await Bun.sleep(200);
  }
}
