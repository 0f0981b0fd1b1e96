import { limitConcurrency } from '@insightdesk/shared/promises';
import {
  type ImageResult,
  type ImageWorker,
  type ImageWorkerLimits,
  startImageWorker,
} from './image-worker-process.ts';
import type { ImageTask } from './image-task.ts';

export interface ImageWorkerPoolOptions extends ImageWorkerLimits {
  /** How many there are at a time, those that wait included. */
  concurrency: number;
  /** How long a process waits for the next picture of its owner; a second unless said. */
  idleMs?: number;
}

interface Kept {
  process: ImageWorker;
  owner: string;
  pictures: number;
  workedMs: number;
  timer?: ReturnType<typeof setTimeout>;
}

const MOST_PICTURES = 20;
/** Its processor time is limited for all of them together. */
const MOST_WORK_MS = 30_000;

/**
 * Processes that decode: each for one picture, or for a few of one owner in a row. Nobody gets one
 * that has seen what is another's, and none that has failed is asked again.
 */
export function createImageWorkerPool({
  concurrency,
  idleMs = 1_000,
  ...limits
}: ImageWorkerPoolOptions) {
  const turn = limitConcurrency(concurrency);
  const waiting = new Set<Kept>();
  let working = 0;

  function take(owner: string): Kept | undefined {
    const found = [...waiting].findLast((one) => one.owner === owner);
    if (found) forget(found);
    return found;
  }

  function forget(one: Kept) {
    clearTimeout(one.timer);
    waiting.delete(one);
  }

  async function start(owner: string): Promise<Kept> {
    for (const one of waiting) {
      if (waiting.size + working <= concurrency) break;
      forget(one);
      await one.process.end();
    }
    return { process: startImageWorker(limits), owner, pictures: 0, workedMs: 0 };
  }

  async function answerOf(one: Kept, source: Uint8Array, task: ImageTask): Promise<ImageResult> {
    let isFit = false;
    const startedAt = performance.now();
    try {
      const answer = await one.process.ask(source, task);
      one.pictures++;
      one.workedMs += performance.now() - startedAt;
      isFit = isFitForMore(one, limits);
      return answer;
    } finally {
      if (isFit) keep(one);
      else await one.process.end();
    }
  }

  function keep(one: Kept) {
    one.timer = setTimeout(() => {
      forget(one);
      void one.process.end();
    }, idleMs);
    one.timer.unref();
    waiting.add(one);
  }

  async function answer(source: Uint8Array, task: ImageTask, owner: string): Promise<ImageResult> {
    const used = owner ? take(owner) : undefined;
    if (used) {
      try {
        return await answerOf(used, source, task);
      } catch (error) {
        if (used.process.why() === 'time') throw error;
        // What it did before may be why: only a fresh one is believed.
      }
    }
    return answerOf(await start(owner), source, task);
  }

  /** Throws as `ImageProcess.ask` does. Without an owner the process is for this picture only. */
  return (source: Uint8Array, task: ImageTask, owner = ''): Promise<ImageResult> =>
    turn(async () => {
      working++;
      try {
        return await answer(source, task, owner);
      } finally {
        working--;
      }
    });
}

function isFitForMore(
  { process, owner, pictures, workedMs }: Kept,
  { memoryBytes }: ImageWorkerLimits,
): boolean {
  if (!owner || pictures >= MOST_PICTURES || workedMs >= MOST_WORK_MS) return false;
  return process.residentBytes() < memoryBytes / 2;
}
