import { encodeFrame, readFrames } from './message-frames.ts';
import { imageErrorsByCode, MediaProcessError, imageTooCostly } from './image-errors.ts';
import type { ImageResponse, ImageRequest, ImageTask } from './image-task.ts';
import { startLimitedProcess } from '../sandbox/limited-process.ts';

/** What a picture's process may take. */
export interface ImageWorkerLimits {
  maxPixels: number;
  /** Of resident memory. */
  memoryBytes: number;
  timeoutMs?: number;
  /** The program that is run; another one in tests. */
  script?: string;
}

/** What was made of a picture, or is known of it. */
export type ImageResult = Omit<ImageResponse, 'variants'> & {
  files: { bytes: Uint8Array<ArrayBuffer> }[];
};

export type ImageWorker = ReturnType<typeof startImageWorker>;

const CHILD = new URL('./image-worker.ts', import.meta.url).pathname;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** What the runtime reserves before it has read a byte. */
const RUNTIME_BYTES = 256 * 1024 * 1024;

/** Starts a process that decodes, which has no environment, so much memory and so much time. */
export function startImageWorker(limits: ImageWorkerLimits) {
  const { maxPixels, memoryBytes, timeoutMs = 45_000, script = CHILD } = limits;
  const program = { command: [process.execPath, script] };
  const memory = { memoryBytes, reservedBytes: RUNTIME_BYTES };
  const { child, end, why, how, residentBytes } = startLimitedProcess(program, memory, 'pipe');
  // What waits for an answer keeps this process alive, not what might be asked later.
  child.unref();
  const answers = readFrames<Partial<ImageResponse>>(child.stdout, {
    maxBytes: MAX_ANSWER_BYTES,
    sizeOf: ({ variants = [] }) => variants.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });

  async function send(question: ImageRequest, source: Uint8Array) {
    for (const part of encodeFrame(question, source)) void child.stdin.write(part);
    await child.stdin.flush();
  }

  /**
   * Throws DomainValidationError IMAGE_TOO_LARGE, IMAGE_CORRUPT, IMAGE_TOO_COSTLY or
   * IMAGE_CROP_OUTSIDE, or a retryable MediaProcessError when it died or took too long.
   */
  async function ask(source: Uint8Array, task: ImageTask): Promise<ImageResult> {
    const timer = setTimeout(() => void end('time'), timeoutMs);
    try {
      // It may end without having read all.
      send({ task, maxPixels, sizeBytes: source.byteLength }, source).catch(() => undefined);
      const answer = await answers().catch((error) => {
        throw new MediaProcessError(error);
      });
      if (answer && !why()) return toAnswer(answer, maxPixels);
      await end();
      if (why() === 'memory') throw imageTooCostly();
      throw new MediaProcessError(new Error(`The process died: ${how()}`));
    } finally {
      clearTimeout(timer);
    }
  }

  return { ask, end, why, residentBytes };
}

function toAnswer(
  { head, bytes }: { head: Partial<ImageResponse> & { code?: string }; bytes: Buffer },
  maxPixels: number,
): ImageResult {
  const { variants, code, ...rest } = head;
  if (!variants) {
    const known = imageErrorsByCode[code as keyof typeof imageErrorsByCode];
    throw known?.(maxPixels) ?? new MediaProcessError(new Error(`The process said ${code}`));
  }
  let at = 0;
  const files = variants.map(({ sizeBytes, ...variant }) => {
    const own = new Uint8Array(bytes.subarray(at, at + sizeBytes));
    at += sizeBytes;
    return { ...variant, bytes: own };
  });
  return { ...rest, files };
}
