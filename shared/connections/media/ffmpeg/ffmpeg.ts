import { MediaProcessError } from '../images/image-errors.ts';
import { type ProcessResult, runLimitedProcess } from '../sandbox/limited-process.ts';
import { requireMediaTools } from './find-media-tools.ts';
import { MediaFileErrors } from './media-file-errors.ts';
import { type ProbeResult, parseProbeOutput } from './probe-result.ts';

export interface FfmpegOptions {
  /** Where ffmpeg and ffprobe are; PATH unless said. */
  toolsDirectory?: string | undefined;
  memoryBytes: number;
  maxPixels: number;
  maxSeconds: number;
  /** Waits until one more process may run. */
  turn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** One call of ffmpeg. */
interface Work {
  /** Before the file that is read. */
  before?: readonly string[];
  /** How it is converted, and into what. */
  convert: readonly string[];
  /** Of one file that it writes. */
  fileBytes?: number;
  answerBytes?: number;
  onOutput?(chunk: Uint8Array): void;
  signal?: AbortSignal | undefined;
}

/** Containers that are read; above all none that names other files. */
const containers = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'mpegts',
  'avi',
  'ogg',
  'flv',
].concat(['mp3', 'wav', 'flac', 'aac', 'aiff', 'amr', 'caf', 'mpeg', 'asf']);
const careful = ['-protocol_whitelist', 'file', '-format_whitelist', containers.join(',')];
const PROBE_MS = 30_000;
/** For a film at its longest. */
const WORK_MS = 1_500_000;
const THREADS = '2';

export type Ffmpeg = ReturnType<typeof createFfmpeg>;

/** ffmpeg for one file that a stranger has sent: in a process with limits, without a network. */
export function createFfmpeg(path: string, options: FfmpegOptions) {
  const { toolsDirectory, memoryBytes, maxPixels, maxSeconds, turn } = options;
  const limits = { memoryBytes, reservedBytes: memoryBytes };
  const input = [...careful, '-max_pixels', String(maxPixels), '-i', path];

  async function probe(signal?: AbortSignal): Promise<ProbeResult> {
    const { ffprobe } = requireMediaTools(toolsDirectory);
    const asked = ['-show_format', '-show_streams', '-of', 'json'];
    const ended = await runLimitedProcess(
      { command: [ffprobe, '-v', 'error', ...careful, ...asked, path], isIsolated: true },
      { ...limits, timeoutMs: PROBE_MS, answerBytes: 1_000_000, signal },
    );
    const facts = parseProbeOutput(outcomeOf(ended, signal).toString('utf8'));
    const { video, durationMs } = facts;
    if (durationMs > maxSeconds * 1000) throw MediaFileErrors.TooLong();
    if (video && video.width * video.height > maxPixels) throw MediaFileErrors.TooLarge();
    return facts;
  }

  /** What it says on its standard output, and what it complained about. */
  async function run({ before = [], convert, signal, ...work }: Work) {
    const { ffmpeg } = requireMediaTools(toolsDirectory);
    const quiet = ['-nostdin', '-hide_banner', '-nostats', '-y', '-threads', THREADS];
    const ended = await runLimitedProcess(
      {
        command: [ffmpeg, ...quiet, '-filter_threads', '1', ...before, ...input, ...convert],
        isIsolated: true,
        ...(work.onOutput && { onOutput: work.onOutput }),
      },
      {
        ...limits,
        timeoutMs: WORK_MS,
        cpuSeconds: (WORK_MS / 1000) * Number(THREADS),
        answerBytes: work.answerBytes ?? 1_000_000,
        fileBytes: work.fileBytes ?? 1_000_000,
        signal,
      },
    );
    return { output: outcomeOf(ended, signal), complaint: ended.stderr };
  }

  return {
    probe: (signal?: AbortSignal) => turn(() => probe(signal)),
    run: (work: Work) => turn(() => run(work)),
  };
}

/** A program that a signal ended was beyond its limits; one that gave up met what it cannot read. */
function outcomeOf(ended: ProcessResult, signal: AbortSignal | undefined): Buffer {
  if (ended.why === 'aborted') signal?.throwIfAborted();
  if (ended.why) throw MediaFileErrors.TooCostly();
  if (ended.how === 'SIGXFSZ' || ended.how === 'SIGXCPU') throw MediaFileErrors.TooCostly();
  if (ended.exitCode === null) throw new MediaProcessError(new Error(`It died: ${ended.how}`));
  if (ended.exitCode !== 0) throw MediaFileErrors.Corrupt(new Error(ended.stderr));
  return ended.output;
}

/** Reads `-progress pipe:1`: tells percents, each once and rising. */
export function readProgress(durationMs: number, onPercent: (percent: number) => void) {
  let rest = '';
  let told = -1;
  return (chunk: Uint8Array) => {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(-200);
    for (const line of lines) {
      const [, microseconds] = /^out_time_us=(\d+)/.exec(line) ?? [];
      if (!microseconds || durationMs <= 0) continue;
      const percent = Math.min(100, Math.floor(Number(microseconds) / 10 / durationMs));
      if (percent <= told) continue;
      told = percent;
      onPercent(percent);
    }
  };
}
