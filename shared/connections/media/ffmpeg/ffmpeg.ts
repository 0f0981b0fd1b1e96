import { type ProcessResult, runLimitedProcess } from '../sandbox/limited-process.ts';
import { MediaProcessError } from '../sandbox/media-process-error.ts';
import { requireMediaTools } from './find-media-tools.ts';
import { MediaFileErrors } from './media-file-errors.ts';
import { type ProbeResult, parseProbeOutput } from './probe-result.ts';

export interface FfmpegOptions {
  /** Directory of ffmpeg and ffprobe; PATH by default. */
  toolsDirectory?: string | undefined;
  memoryBytes: number;
  maxPixels: number;
  maxSeconds: number;
  /** Added to the niceness of this process; 10 by default. */
  niceness?: number;
}

/** One run of ffmpeg. */
interface FfmpegRun {
  /** Options before the input file. */
  inputOptions?: readonly string[];
  /** Options and files after the input file. */
  outputOptions: readonly string[];
  /** Size limit of each file that it writes. */
  maxFileBytes?: number;
  maxOutputBytes?: number;
  onOutput?(chunk: Uint8Array): void;
  signal?: AbortSignal | undefined;
}

/** Accepted containers; none of them references other files. */
const containers = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'mpegts',
  'avi',
  'ogg',
  'flv',
].concat(['mp3', 'wav', 'flac', 'aac', 'aiff', 'amr', 'caf', 'mpeg', 'asf']);
const safeInput = ['-protocol_whitelist', 'file', '-format_whitelist', containers.join(',')];
const PROBE_TIMEOUT_MS = 30_000;
/** Enough for a video of the maximum duration. */
const RUN_TIMEOUT_MS = 1_500_000;
const THREADS = '2';
const DEFAULT_MAX_BYTES = 1_000_000;

export type Ffmpeg = ReturnType<typeof createFfmpeg>;

/** ffmpeg for one untrusted file: in a process with limits and without network. */
export function createFfmpeg(path: string, options: FfmpegOptions) {
  const { toolsDirectory, memoryBytes, maxPixels, maxSeconds, niceness = 10 } = options;
  const limits = { memoryBytes, reservedBytes: memoryBytes };
  const input = [...safeInput, '-max_pixels', String(maxPixels), '-i', path];

  async function probe(signal?: AbortSignal): Promise<ProbeResult> {
    const { ffprobe } = requireMediaTools(toolsDirectory);
    const output = ['-show_format', '-show_streams', '-of', 'json'];
    const result = await runLimitedProcess(
      { command: [ffprobe, '-v', 'error', ...safeInput, ...output, path], niceness },
      { ...limits, timeoutMs: PROBE_TIMEOUT_MS, maxOutputBytes: DEFAULT_MAX_BYTES, signal },
    );
    const probed = parseProbeOutput(requireSuccess(result, signal).toString('utf8'));
    const { video, durationMs } = probed;
    if (durationMs > maxSeconds * 1000) throw MediaFileErrors.TooLong();
    if (video && video.width * video.height > maxPixels) throw MediaFileErrors.TooLarge();
    return probed;
  }

  /** Returns standard output and the last part of standard error. */
  async function run({ inputOptions = [], outputOptions, signal, ...rest }: FfmpegRun) {
    const { ffmpeg } = requireMediaTools(toolsDirectory);
    const quiet = ['-nostdin', '-hide_banner', '-nostats', '-y', '-threads', THREADS];
    const globals = [...quiet, '-filter_threads', '1'];
    const result = await runLimitedProcess(
      {
        command: [ffmpeg, ...globals, ...inputOptions, ...input, ...outputOptions],
        niceness,
        ...(rest.onOutput && { onOutput: rest.onOutput }),
      },
      {
        ...limits,
        timeoutMs: RUN_TIMEOUT_MS,
        cpuSeconds: (RUN_TIMEOUT_MS / 1000) * Number(THREADS),
        maxOutputBytes: rest.maxOutputBytes ?? DEFAULT_MAX_BYTES,
        maxFileBytes: rest.maxFileBytes ?? DEFAULT_MAX_BYTES,
        signal,
      },
    );
    return { output: requireSuccess(result, signal), stderr: result.stderr };
  }

  return { probe, run };
}

/** A killed process exceeded its limits; an exit code means that ffmpeg could not read the file. */
function requireSuccess(result: ProcessResult, signal: AbortSignal | undefined): Buffer {
  const { killReason, ending, exitCode, stderr } = result;
  if (killReason === 'aborted') signal?.throwIfAborted();
  if (killReason) throw MediaFileErrors.TooCostly();
  if (ending === 'SIGXFSZ' || ending === 'SIGXCPU') throw MediaFileErrors.TooCostly();
  if (exitCode === null) throw new MediaProcessError(new Error(`ffmpeg died: ${ending}`));
  if (exitCode !== 0) throw MediaFileErrors.Corrupt(new Error(stderr));
  return result.output;
}

/** Parses `-progress pipe:1` and reports rising percentages, each once. */
export function readProgress(durationMs: number, onPercent: (percent: number) => void) {
  let rest = '';
  let reported = -1;
  return (chunk: Uint8Array) => {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(-200);
    for (const line of lines) {
      const [, microseconds] = /^out_time_us=(\d+)/.exec(line) ?? [];
      if (!microseconds || durationMs <= 0) continue;
      const percent = Math.min(100, Math.floor(Number(microseconds) / 10 / durationMs));
      if (percent <= reported) continue;
      reported = percent;
      onPercent(percent);
    }
  };
}
