import { startLimitedProcess } from '../sandbox/limited-process.ts';
import { MediaProcessError } from '../sandbox/media-process-error.ts';
import { imageErrorsByCode, imageTooCostly } from './image-errors.ts';
import type { ImageRequest, ImageResponse, ImageTask } from './image-task.ts';
import { encodeFrame, readFrames } from './message-frames.ts';

/** Limits of an image worker. */
export interface ImageWorkerLimits {
  maxPixels: number;
  /** Resident memory. */
  memoryBytes: number;
  timeoutMs?: number;
  /** The script to run; another one in tests. */
  script?: string;
}

/** The result of a task. */
export type ImageResult = Omit<ImageResponse, 'variants'> & {
  files: { bytes: Uint8Array<ArrayBuffer> }[];
};

export type ImageWorker = ReturnType<typeof startImageWorker>;

const WORKER_SCRIPT = new URL('./image-worker.ts', import.meta.url).pathname;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** Address space that the runtime reserves at its start. */
const RUNTIME_BYTES = 256 * 1024 * 1024;

/** Starts a process that decodes images, without environment and with limits of memory and time. */
export function startImageWorker(limits: ImageWorkerLimits) {
  const { maxPixels, memoryBytes, timeoutMs = 45_000, script = WORKER_SCRIPT } = limits;
  const program = { command: [process.execPath, script] };
  const memory = { memoryBytes, reservedBytes: RUNTIME_BYTES };
  const worker = startLimitedProcess(program, memory, 'pipe');
  const { child, kill, killReason, residentBytes } = worker;
  // Only a pending request keeps this process alive, not an idle worker.
  child.unref();
  const nextResponse = readFrames<Partial<ImageResponse>>(child.stdout, {
    maxBytes: MAX_RESPONSE_BYTES,
    sizeOf: ({ variants = [] }) => variants.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });

  async function send(request: ImageRequest) {
    for (const part of encodeFrame(request)) void child.stdin.write(part);
    await child.stdin.flush();
  }

  /**
   * Throws DomainValidationError IMAGE_TOO_LARGE, IMAGE_CORRUPT, IMAGE_TOO_COSTLY or
   * IMAGE_CROP_OUTSIDE, or a retryable MediaProcessError when the worker crashed or timed out.
   */
  async function perform(path: string, task: ImageTask): Promise<ImageResult> {
    const timer = setTimeout(() => void kill('time'), timeoutMs);
    try {
      // The worker may end before it has read everything.
      send({ task, maxPixels, path }).catch(() => undefined);
      const response = await nextResponse().catch((error) => {
        throw new MediaProcessError(error);
      });
      if (response && !killReason()) return toResult(response, maxPixels);
      await kill();
      if (killReason() === 'memory') throw imageTooCostly();
      throw new MediaProcessError(new Error(`The image worker died: ${worker.ending()}`));
    } finally {
      clearTimeout(timer);
    }
  }

  return { perform, kill, killReason, residentBytes };
}

function toResult(
  { head, bytes }: { head: Partial<ImageResponse> & { code?: string }; bytes: Buffer },
  maxPixels: number,
): ImageResult {
  const { variants, code, ...rest } = head;
  if (!variants) {
    const createError = imageErrorsByCode[code as keyof typeof imageErrorsByCode];
    throw createError?.(maxPixels) ?? new MediaProcessError(new Error(`Unknown code ${code}`));
  }
  let offset = 0;
  const files = variants.map(({ sizeBytes, ...variant }) => {
    const own = new Uint8Array(bytes.subarray(offset, offset + sizeBytes));
    offset += sizeBytes;
    return { ...variant, bytes: own };
  });
  return { ...rest, files };
}
