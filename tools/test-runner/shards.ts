import { availableParallelism } from 'node:os';
import { findRunFile } from '../stack/run-file.ts';
import { answersOk } from '../stack/servers/http.ts';
import { createTestStack } from './test-stack.ts';

const LAST_LOG_LINES = 60;
const MOST_LANES = 8;
const USUAL_LANES = 2;
const RECOVERY_MS = 20_000;

/** How many files of tests may run at once: what `LANES` says, and no more than there are files. */
export function countLanes(files: number, wanted = process.env.LANES): number {
  const count = wanted ? Number(wanted) : Math.min(USUAL_LANES, availableParallelism());
  if (!Number.isInteger(count) || count < 1 || count > MOST_LANES) {
    throw new Error(`LANES is a whole number from 1 to ${MOST_LANES}, not ${wanted}`);
  }
  return Math.max(1, Math.min(count, files));
}

/** Stacks side by side; the tests of a lane have theirs to themselves, one file after another. */
export function createLanes(count: number, print: (text: string) => void) {
  const stacks = Array.from({ length: count }, () => createTestStack({ variables: process.env }));
  const nameOf = (stack: (typeof stacks)[number]) =>
    count > 1 ? `stack ${stacks.indexOf(stack) + 1}` : 'the stack';

  let started: typeof stacks = [];

  return {
    /** Starts them and gives what the tests of each are told; one that fails is told and left out. */
    async start(): Promise<Record<string, string>[]> {
      const lanes = await Promise.all(
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
      const there = lanes.filter((lane) => lane !== undefined);
      started = there.map(({ stack }) => stack);
      return there.map(({ environment }) => environment);
    },
    /** How many did not start or have not come back from what the tests did to them. */
    async countDead(): Promise<number> {
      const alive = await Promise.all(
        started.map(async (stack) => {
          const isWell = await recovers(stack.directory);
          if (!isWell) print(`${nameOf(stack)} does not answer any more`);
          return isWell;
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
async function recovers(directory: string): Promise<boolean> {
  const deadline = Date.now() + RECOVERY_MS;
  for (;;) {
    const services = findRunFile(directory)?.services ?? [];
    const ready = await Promise.all(services.map(({ url }) => answersOk(`${url}/health/ready`)));
    if (services.length > 0 && ready.every(Boolean)) return true;
    if (Date.now() > deadline) return false;
    await Bun.sleep(200);
  }
}
