import { availableParallelism } from 'node:os';
import { findRunFile } from '../stack/run-file.ts';
import { answersOk } from '../stack/servers/http.ts';
import { createTestStack } from './test-stack.ts';

const LAST_LOG_LINES = 60;
const MAX_SHARDS = 8;
const DEFAULT_SHARDS = 2;
const RECOVERY_TIMEOUT_MS = 20_000;

/** How many test files run at once: `SHARDS`, and no more than there are files. */
export function countShards(files: number, wanted = process.env.SHARDS): number {
  const count = wanted ? Number(wanted) : Math.min(DEFAULT_SHARDS, availableParallelism());
  if (!Number.isInteger(count) || count < 1 || count > MAX_SHARDS) {
    throw new Error(`SHARDS must be a whole number from 1 to ${MAX_SHARDS}, not ${wanted}`);
  }
  return Math.max(1, Math.min(count, files));
}

/** Stacks side by side; each runs one test file at a time. */
export interface Shards {
  /** Starts them; returns the environment of each that started. */
  start(): Promise<Record<string, string>[]>;
  /** How many did not start, or do not answer after the tests. */
  countDead(): Promise<number>;
  showLogs(): void;
  stop(): Promise<unknown>;
  kill(): void;
  remove(): void;
}

export function createShards(count: number, print: (text: string) => void): Shards {
  const stacks = Array.from({ length: count }, () => createTestStack({ variables: process.env }));
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
          if (!isReady) print(`${nameOf(stack)} does not answer any more`);
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

/** Whether every service of a stack is ready, at once or after what still starts. */
async function becomesReady(directory: string): Promise<boolean> {
  const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
  for (;;) {
    const services = findRunFile(directory)?.services ?? [];
    const ready = await Promise.all(services.map(({ url }) => answersOk(`${url}/health/ready`)));
    if (services.length > 0 && ready.every(Boolean)) return true;
    if (Date.now() > deadline) return false;
    await Bun.sleep(200);
  }
}
