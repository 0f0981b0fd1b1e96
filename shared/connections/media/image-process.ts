import { readFileSync } from 'node:fs';
import { errorsByCode, MediaProcessError, tooCostly } from './image-errors.ts';
import type { Variant } from './images.ts';

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

/**
 * Makes the variants of a picture in a process of its own, which has no environment, so much memory
 * and so much time. Throws DomainValidationError IMAGE_TOO_LARGE, IMAGE_CORRUPT or IMAGE_TOO_COSTLY,
 * or a retryable MediaProcessError when it died or took too long.
 */
export async function deriveInChild(
  source: Uint8Array,
  { maxPixels, memoryBytes, timeoutMs = 45_000, script = CHILD }: ImageProcessLimits,
): Promise<Variant[]> {
  const kilobytes = Math.ceil((memoryBytes + RUNTIME_BYTES) / 1024);
  const program = [process.execPath, script, String(maxPixels)];
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

type Told = Omit<Variant, 'bytes'> & { sizeBytes: number };

function parse(answer: Buffer, maxPixels: number): Variant[] {
  if (answer.byteLength < 4) throw new MediaProcessError(new Error('The process said nothing'));
  let at = 4 + answer.readUInt32BE(0);
  const { variants, code } = JSON.parse(answer.toString('utf8', 4, at)) as {
    variants?: Told[];
    code?: string;
  };
  if (!variants) {
    const known = errorsByCode[code as keyof typeof errorsByCode];
    throw known?.(maxPixels) ?? new MediaProcessError(new Error(`The process said ${code}`));
  }
  return variants.map(({ sizeBytes, ...variant }) => {
    const bytes = new Uint8Array(answer.subarray(at, at + sizeBytes));
    at += sizeBytes;
    return { ...variant, bytes };
  });
}
