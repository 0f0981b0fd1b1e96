import { readFileSync } from 'node:fs';

/** What a program may take that reads what strangers have sent. */
export interface ProcessLimits {
  /** Of resident memory; watched, and kept by the kernel where it can. */
  memoryBytes: number;
  /** What it reserves without using it, beside that. */
  reservedBytes?: number;
  timeoutMs: number;
  /** Of processor time. */
  cpuSeconds?: number;
  /** Of what it says; beyond that it is ended. */
  answerBytes: number;
  /** Of each file that it writes. */
  fileBytes?: number;
  signal?: AbortSignal | undefined;
}

interface Program {
  command: readonly string[];
  /** Lets others go first, and cuts it off from the network where that is allowed. */
  isIsolated?: boolean;
}

/** Why we ended a program. */
export type EndReason = 'memory' | 'time' | 'answer' | 'aborted' | undefined;

/** How a program ended. */
export interface ProcessResult {
  output: Buffer;
  /** The last of what it complained about. */
  stderr: string;
  exitCode: number | null;
  /** Why it was ended by us. */
  why?: EndReason;
  /** What ended it, in words for a log. */
  how: string;
}

const WATCH_MS = 25;
const COMPLAINT_BYTES = 8_192;

// Where the kernel can, it limits the memory, and ends this process rather than any other.
const plain = `ulimit -d "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; ulimit -c 0 2>/dev/null
[ "$3" = 0 ] || ulimit -f "$3" 2>/dev/null
echo 1000 2>/dev/null >/proc/self/oom_score_adj; shift 3`;
const gentle = `if unshare -rn true 2>/dev/null; then set -- unshare -rn "$@"; fi; set -- nice -n 10 "$@"`;

/** Starts a program without environment, with limits; whoever starts it ends it. */
export function startLimitedProcess<In extends 'pipe' | 'ignore'>(
  { command, isIsolated = false }: Program,
  limits: Pick<ProcessLimits, 'memoryBytes' | 'reservedBytes' | 'cpuSeconds' | 'fileBytes'>,
  stdin: In,
) {
  const { memoryBytes, reservedBytes = 0, cpuSeconds = 60, fileBytes = 0 } = limits;
  const kilobytes = Math.ceil((memoryBytes + reservedBytes) / 1024);
  const script = `${plain}\n${isIsolated ? gentle : ''}\nexec "$@"`;
  const numbers = [kilobytes, cpuSeconds, Math.ceil(fileBytes / 512)].map(String);
  const child = Bun.spawn(['sh', '-c', script, 'sh', ...numbers, ...command], {
    stdin,
    stdout: 'pipe',
    stderr: isIsolated ? 'pipe' : 'ignore',
    env: {},
  });
  let why: EndReason;
  const watch = setInterval(() => {
    if (residentBytes(child.pid) > memoryBytes) void end('memory');
  }, WATCH_MS);
  watch.unref();
  const exited = child.exited.finally(() => clearInterval(watch));
  function end(reason?: EndReason) {
    why ??= reason;
    child.kill('SIGKILL');
    return exited;
  }
  return {
    child,
    end,
    why: () => why,
    /** In words for a log, once it has ended. */
    how: () => String(why ?? child.signalCode ?? `exit code ${child.exitCode}`),
    residentBytes: () => residentBytes(child.pid),
  };
}

/** Runs a program without environment, with limits; it has ended when this is settled. */
export async function runLimitedProcess(
  program: Program & {
    /** Hears what it says instead of having it collected. */
    onOutput?(chunk: Uint8Array): void;
  },
  limits: ProcessLimits,
): Promise<ProcessResult> {
  const { timeoutMs, answerBytes, signal } = limits;
  signal?.throwIfAborted();
  const { child, end, why, how } = startLimitedProcess(program, limits, 'ignore');
  const timer = setTimeout(() => void end('time'), timeoutMs);
  const onAbort = () => void end('aborted');
  signal?.addEventListener('abort', onAbort);
  try {
    const [output, complaint] = await Promise.all([
      readUpTo(child.stdout, answerBytes, () => void end('answer'), program.onOutput),
      child.stderr ? readLast(child.stderr, COMPLAINT_BYTES) : '',
    ]);
    await child.exited;
    return { output, stderr, exitCode: child.exitCode, why: why(), how: how() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    void end();
  }
}

async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  most: number,
  onMore: () => void,
  onOutput?: (chunk: Uint8Array) => void,
) {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > most) onMore();
    else if (onOutput) onOutput(chunk);
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readLast(stream: ReadableStream<Uint8Array>, most: number): Promise<string> {
  let last = Buffer.alloc(0);
  for await (const chunk of stream) last = Buffer.concat([last, chunk]).subarray(-most);
  return last.toString('utf8');
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
