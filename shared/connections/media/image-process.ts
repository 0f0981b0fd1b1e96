import { readFileSync } from 'node:fs';
import { errorsByCode, MediaProcessError, tooCostly } from './image-errors.ts';
import type { ImageAnswer, ImageTask } from './image-task.ts';
import type { Variants } from './images.ts';
import type { DerivedImage, ImageMetadata, ImageTransform } from './transform.ts';

/** What a picture's process may take. */
export interface ImageProcessLimits {
  maxPixels: number;
  /** Of resident memory. */
  memoryBytes: number;
  timeoutMs?: number;
  /** The program that is run; another one in tests. */
  script?: string;
}

const CHILD = new URL('./image-child.ts', import.meta.url).pathname;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** What the runtime reserves before it has read a byte. */
const RUNTIME_BYTES = 256 * 1024 * 1024;
const WATCH_MS = 25;

// Where the kernel can, it limits the memory, and ends this process rather than any other.
const limited = `ulimit -d "$1" 2>/dev/null; ulimit -t 60 2>/dev/null; ulimit -c 0 2>/dev/null
echo 1000 2>/dev/null >/proc/self/oom_score_adj; shift; exec "$@"`;

/** Makes the variants of a picture in a process of its own; see `ask`. */
export async function deriveInChild(
  source: Uint8Array,
  limits: ImageProcessLimits,
): Promise<Variants> {
  const { files, placeholder = '' } = await ask(source, { kind: 'variants' }, limits);
  return { variants: files as Variants['variants'], placeholder };
}

/** Makes several pictures of one, in their order. */
export async function transformInChild(
  source: Uint8Array,
  transforms: readonly ImageTransform[],
  limits: ImageProcessLimits,
): Promise<DerivedImage[]> {
  const { files } = await ask(source, { kind: 'transforms', transforms }, limits);
  return files as DerivedImage[];
}

export async function describeInChild(
  source: Uint8Array,
  limits: ImageProcessLimits,
): Promise<ImageMetadata> {
  const { metadata } = await ask(source, { kind: 'metadata' }, limits);
  if (!metadata) throw new MediaProcessError(new Error('The process said nothing'));
  return metadata;
}

/**
 * Asks a process of its own, which has no environment, so much memory and so much time. Throws
 * DomainValidationError IMAGE_TOO_LARGE, IMAGE_CORRUPT, IMAGE_TOO_COSTLY or IMAGE_CROP_OUTSIDE, or
 * a retryable MediaProcessError when it died or took too long.
 */
async function ask(
  source: Uint8Array,
  task: ImageTask,
  { maxPixels, memoryBytes, timeoutMs = 45_000, script = CHILD }: ImageProcessLimits,
): Promise<Answer> {
  const kilobytes = Math.ceil((memoryBytes + RUNTIME_BYTES) / 1024);
  const program = [process.execPath, script, String(maxPixels), JSON.stringify(task)];
  const child = Bun.spawn(['sh', '-c', limited, 'sh', String(kilobytes), ...program], {
    stdin: source,
    stdout: 'pipe',
    stderr: 'ignore',
    env: {},
  });
  let why: 'memory' | 'time' | 'answer' | undefined;
  const end = (reason: typeof why) => {
    why ??= reason;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => end('time'), timeoutMs);
  const watch = setInterval(() => {
    if (residentBytes(child.pid) > memoryBytes) end('memory');
  }, WATCH_MS);
  try {
    const answer = await readUpTo(child.stdout, MAX_ANSWER_BYTES, () => end('answer'));
    await child.exited;
    if (why === 'memory') throw tooCostly();
    if (why || child.exitCode !== 0)
      throw new MediaProcessError(new Error(`The process died: ${why ?? describe(child)}`));
    return parse(answer, maxPixels);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    child.kill('SIGKILL');
  }
}

const describe = ({ exitCode, signalCode }: Pick<Bun.Subprocess, 'exitCode' | 'signalCode'>) =>
  signalCode ?? `exit code ${exitCode}`;

async function readUpTo(stream: ReadableStream<Uint8Array>, most: number, onMore: () => void) {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > most) onMore();
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** 0 where this cannot be told, or the process has gone. */
function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

type Answer = Omit<ImageAnswer, 'variants'> & { files: { bytes: Uint8Array<ArrayBuffer> }[] };

function parse(answer: Buffer, maxPixels: number): Answer {
  if (answer.byteLength < 4) throw new MediaProcessError(new Error('The process said nothing'));
  let at = 4 + answer.readUInt32BE(0);
  const told = JSON.parse(answer.toString('utf8', 4, at)) as Partial<ImageAnswer> & {
    code?: string;
  };
  const { variants, code, ...rest } = told;
  if (!variants) {
    const known = errorsByCode[code as keyof typeof errorsByCode];
    throw known?.(maxPixels) ?? new MediaProcessError(new Error(`The process said ${code}`));
  }
  const files = variants.map(({ sizeBytes, ...variant }) => {
    const bytes = new Uint8Array(answer.subarray(at, at + sizeBytes));
    at += sizeBytes;
    return { ...variant, bytes };
  });
  return { ...rest, files };
}
