import { readFileSync } from 'node:fs';

/** Limits of a process that reads untrusted files. */
export interface ProcessLimits {
  /** Resident memory; polled, and enforced by the kernel where it can. */
  memoryBytes: number;
  /** Address space that the program reserves without using it, beside `memoryBytes`. */
  reservedBytes?: number;
  timeoutMs: number;
  /** Processor time. */
  cpuSeconds?: number;
  /** Standard output; the process is killed beyond it. */
  maxOutputBytes: number;
  /** Each file that it writes. */
  maxFileBytes?: number;
  signal?: AbortSignal | undefined;
}

interface Program {
  command: readonly string[];
  /** Lowers its priority by this and, where allowed, cuts it off from the network. */
  niceness?: number;
}

/** Why a process was killed. */
export type KillReason = 'memory' | 'time' | 'output' | 'aborted' | undefined;

/** The outcome of a process. */
export interface ProcessResult {
  output: Buffer;
  /** The last part of standard error. */
  stderr: string;
  exitCode: number | null;
  killReason?: KillReason;
  /** The kill reason, signal or exit code as text, for logs. */
  ending: string;
}

const POLL_MS = 25;
const MAX_STDERR_BYTES = 8_192;

// Where the kernel supports it, it enforces the memory limit, and kills this process before others.
const limitScript = `ulimit -d "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; ulimit -c 0 2>/dev/null
[ "$3" = 0 ] || ulimit -f "$3" 2>/dev/null
echo 1000 2>/dev/null >/proc/self/oom_score_adj; shift 3`;
const isolateScript = `if unshare -rn true 2>/dev/null; then set -- unshare -rn "$@"; fi; set -- nice -n "$0" "$@"`;

/** Starts a program without environment and with limits; the caller must kill it. */
export function startLimitedProcess<In extends 'pipe' | 'ignore'>(
  { command, niceness }: Program,
  limits: Pick<ProcessLimits, 'memoryBytes' | 'reservedBytes' | 'cpuSeconds' | 'maxFileBytes'>,
  stdin: In,
) {
  const { memoryBytes, reservedBytes = 0, cpuSeconds = 60, maxFileBytes = 0 } = limits;
  const kilobytes = Math.ceil((memoryBytes + reservedBytes) / 1024);
  const script = `${limitScript}\n${niceness === undefined ? '' : isolateScript}\nexec "$@"`;
  const numbers = [kilobytes, cpuSeconds, Math.ceil(maxFileBytes / 512)].map(String);
  const child = Bun.spawn(['sh', '-c', script, String(niceness ?? 0), ...numbers, ...command], {
    stdin,
    stdout: 'pipe',
    stderr: niceness === undefined ? 'ignore' : 'pipe',
    env: {},
  });
  let killReason: KillReason;
  const watch = setInterval(() => {
    if (residentBytes(child.pid) > memoryBytes) void kill('memory');
  }, POLL_MS);
  watch.unref();
  const exited = child.exited.finally(() => clearInterval(watch));
  function kill(reason?: KillReason) {
    killReason ??= reason;
    child.kill('SIGKILL');
    return exited;
  }
  return {
    child,
    kill,
    killReason: () => killReason,
    /** The kill reason, signal or exit code as text, once the process has ended. */
    ending: () => String(killReason ?? child.signalCode ?? `exit code ${child.exitCode}`),
    residentBytes: () => residentBytes(child.pid),
  };
}

/** Runs a program without environment and with limits, and waits until it has ended. */
export async function runLimitedProcess(
  program: Program & {
    /** Receives standard output, which is not collected then. */
    onOutput?(chunk: Uint8Array): void;
  },
  limits: ProcessLimits,
): Promise<ProcessResult> {
  const { timeoutMs, maxOutputBytes, signal } = limits;
  signal?.throwIfAborted();
  const { child, kill, killReason, ending } = startLimitedProcess(program, limits, 'ignore');
  const timer = setTimeout(() => void kill('time'), timeoutMs);
  const onAbort = () => void kill('aborted');
  signal?.addEventListener('abort', onAbort);
  try {
    const [output, stderr] = await Promise.all([
      readUpTo(child.stdout, maxOutputBytes, () => void kill('output'), program.onOutput),
      child.stderr ? readTail(child.stderr, MAX_STDERR_BYTES) : '',
    ]);
    await child.exited;
    const { exitCode } = child;
    return { output, stderr, exitCode, killReason: killReason(), ending: ending() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    void kill();
  }
}

async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  onExceeded: () => void,
  onOutput?: (chunk: Uint8Array) => void,
) {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > maxBytes) onExceeded();
    else if (onOutput) onOutput(chunk);
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readTail(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) tail = Buffer.concat([tail, chunk]).subarray(-maxBytes);
  return tail.toString('utf8');
}

/** 0 without `/proc`, or when the process has ended. */
function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
