import type { ImageTask } from './image-task.ts';
import {
  type ImageResult,
  type ImageWorker,
  type ImageWorkerLimits,
  startImageWorker,
} from './image-worker-process.ts';

export interface ImageWorkerPoolOptions extends ImageWorkerLimits {
  /** Maximum number of workers, idle ones included; at most as many calls run at a time. */
  concurrency: number;
  /** How long an idle worker waits for the next image of its owner; 1 s by default. */
  idleMs?: number;
}

interface PooledWorker {
  worker: ImageWorker;
  owner: string;
  imageCount: number;
  workedMs: number;
  timer?: ReturnType<typeof setTimeout>;
}

const MAX_IMAGES = 20;
/** The processor time limit is for all images of a worker together. */
const MAX_WORK_MS = 30_000;

/**
 * Workers that decode images: each for one image, or for a few of one owner in a row. A worker is
 * never shared between owners, and never reused after an error.
 */
export function createImageWorkerPool({
  concurrency,
  idleMs = 1_000,
  ...limits
}: ImageWorkerPoolOptions) {
  const idle = createIdleWorkers(idleMs);
  let busyCount = 0;

  async function start(owner: string): Promise<PooledWorker> {
    await idle.killOldest((idleCount) => idleCount + busyCount > concurrency);
    return { worker: startImageWorker(limits), owner, imageCount: 0, workedMs: 0 };
  }

  async function performWith(
    pooled: PooledWorker,
    path: string,
    task: ImageTask,
  ): Promise<ImageResult> {
    let isReusable = false;
    const startedAt = performance.now();
    try {
      const result = await pooled.worker.perform(path, task);
      pooled.imageCount++;
      pooled.workedMs += performance.now() - startedAt;
      isReusable = canReuse(pooled, limits);
      return result;
    } finally {
      if (isReusable) idle.add(pooled);
      else await pooled.worker.kill();
    }
  }

  async function perform(path: string, task: ImageTask, owner: string): Promise<ImageResult> {
    const used = owner ? idle.take(owner) : undefined;
    if (used) {
      try {
        return await performWith(used, path, task);
      } catch (error) {
        if (used.worker.killReason() === 'time') throw error;
        // An earlier image may be the reason: only the error of a new worker counts.
      }
    }
    return performWith(await start(owner), path, task);
  }

  /**
   * Reads the image from a file. Throws as `ImageWorker.perform`. Without an owner the worker is used
   * for this image only. The caller limits the number of calls at a time.
   */
  return async (path: string, task: ImageTask, owner = ''): Promise<ImageResult> => {
    busyCount++;
    try {
      return await perform(path, task, owner);
    } finally {
      busyCount--;
    }
  };
}

/** Idle workers, each killed after `idleMs` unless its owner takes it. */
function createIdleWorkers(idleMs: number) {
  const workers = new Set<PooledWorker>();

  function remove(pooled: PooledWorker) {
    clearTimeout(pooled.timer);
    workers.delete(pooled);
  }

  return {
    add(pooled: PooledWorker): void {
      pooled.timer = setTimeout(() => {
        remove(pooled);
        void pooled.worker.kill();
      }, idleMs);
      pooled.timer.unref();
      workers.add(pooled);
    },
    take(owner: string): PooledWorker | undefined {
      const found = [...workers].findLast((pooled) => pooled.owner === owner);
      if (found) remove(found);
      return found;
    },
    /** Kills the oldest workers while their count is too high. */
    async killOldest(isTooMany: (count: number) => boolean): Promise<void> {
      for (const pooled of workers) {
        if (!isTooMany(workers.size)) break;
        remove(pooled);
        await pooled.worker.kill();
      }
    },
  };
}

function canReuse(
  { worker, owner, imageCount, workedMs }: PooledWorker,
  { memoryBytes }: ImageWorkerLimits,
): boolean {
  if (!owner || imageCount >= MAX_IMAGES || workedMs >= MAX_WORK_MS) return false;
  return worker.residentBytes() < memoryBytes / 2;
}
